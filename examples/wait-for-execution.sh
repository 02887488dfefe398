# wait_for_execution ARN: waits until the execution is over and prints its status, and its output or its error.
wait_for_execution() {
    local seen=RUNNING
    while [ "${seen%% *}" = RUNNING ]; do
        sleep 0.2
        seen=$(aws stepfunctions describe-execution --execution-arn "$1" --output text \
            --query "join(' ', [status, not_null(output, error, '')])") || return
    done
    echo "$seen"
}
