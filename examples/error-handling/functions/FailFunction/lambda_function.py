import os


class CustomError(Exception):
    pass


def lambda_handler(event, context):
    if event.get("how") == "crash":
        os._exit(3)
    raise CustomError("This is a custom error!")
