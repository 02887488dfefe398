"""An activity worker: charges orders until it is stopped. Every fifth attempt is flaky, to show a retry."""

import itertools
import json

import boto3

sfn = boto3.client("stepfunctions")
activity = sfn.create_activity(name="charge")["activityArn"]
print("waiting for orders", flush=True)

for attempt in itertools.count():
    # A long poll: answers as soon as there is a task, or empty after a minute.
    task = sfn.get_activity_task(activityArn=activity, workerName="worker.py")
    if not task.get("taskToken"):
        continue
    order = json.loads(task["input"])
    if attempt % 5 == 0:
        sfn.send_task_failure(taskToken=task["taskToken"], error="Flaky", cause="the bank did not answer")
        continue
    receipt = {"charged": order["amount"]}
    sfn.send_task_success(taskToken=task["taskToken"], output=json.dumps(receipt))
    print("charged", order["amount"], flush=True)
