// On AWS the SDK would sign the request. Here the server checks no signature, so that the function needs no package.
export async function handler(event) {
    const { StateMachineArn, executionCount } = event.restart;
    const restart = { StateMachineArn, executionCount: executionCount - 1 };
    const answer = await fetch(process.env.AWS_ENDPOINT_URL_SFN, {
        method: "POST",
        headers: { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.StartExecution" },
        body: JSON.stringify({
            stateMachineArn: StateMachineArn,
            name: `run-${restart.executionCount}`,
            input: JSON.stringify({ restart }),
        }),
    });
    if (!answer.ok) {
        throw new Error(await answer.text());
    }
    return { ...event, restart };
}
