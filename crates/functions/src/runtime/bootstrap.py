"""Runs a Python function: asks the Lambda runtime API for events, calls the handler, sends back what it returns.

One connection, one event at a time. An answer and the question for the next event travel together. What costs time to
import and is seldom needed is imported when it is needed.
"""

import json
import os
import socket
import sys
import time

# The address, and behind it what only this process knows.
API, SECRET = os.environ["AWS_LAMBDA_RUNTIME_API"].split("/", 1)
PREFIX = f"/{SECRET}/2018-06-01/runtime/"
NEXT = f"GET {PREFIX}invocation/next HTTP/1.1\r\nHost: {API}\r\n\r\n".encode()


class Connection:
    """The connection to the runtime API."""

    def __init__(self):
        host, port = API.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def ask_next(self):
        self.socket.sendall(NEXT)

    def post(self, where, body, error_type=None, following=b""):
        kind = f"Lambda-Runtime-Function-Error-Type: {header_safe(error_type)}\r\n" if error_type else ""
        head = (
            f"POST {PREFIX}{where} HTTP/1.1\r\nHost: {API}\r\nContent-Type: application/json\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.socket.sendall(head.encode() + body + following)

    def receive(self):
        """The next response: its status, its headers with small letters, its body."""
        buffer = self.buffer
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            self.more()
        lines = buffer[:end].decode("utf-8", "replace").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        start = end + 4
        end = start + int(headers.get("content-length", 0))
        while len(buffer) < end:
            self.more()
        body = bytes(buffer[start:end])
        del buffer[:end]
        return int(lines[0].split(" ", 2)[1]), headers, body

    def more(self):
        chunk = self.socket.recv(262144)
        if not chunk:
            # Whoever started us has gone.
            os._exit(0)
        self.buffer += chunk


def header_safe(text):
    return "".join(c if " " <= c <= "~" else "?" for c in text)


class RuntimeFailure(Exception):
    """A failure that the runtime, not the function, found."""

    def __init__(self, kind, message, stack=()):
        super().__init__(message)
        self.object = {
            "errorMessage": message,
            "errorType": f"Runtime.{kind}",
            "requestId": "",
            "stackTrace": list(stack),
        }


class ClientContext:
    """What the caller says about itself."""

    def __init__(self, value):
        self.custom = value.get("custom")
        self.env = value.get("env")
        self.client = None
        if client := value.get("client"):
            self.client = ClientContextClient(client)


class ClientContextClient:
    """The part of the client context that mobile clients fill in."""

    def __init__(self, value):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, value.get(name))


class CognitoIdentity:
    """Nobody's identity: there is no Cognito here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class LambdaContext:
    """What a handler is told about its invocation."""

    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.identity = CognitoIdentity()
        client = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self._deadline = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def load_handler(name):
    """`file.function`, `folder/file.function` or `package.file.function`."""
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise RuntimeFailure("MalformedHandlerName", f"Bad handler '{name}': {error}") from None
    import importlib

    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFailure("ImportModuleError", f"Unable to import module '{module_name}': {error}") from None
    except SyntaxError as error:
        place = f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").rstrip()}\n'
        raise RuntimeFailure(
            "UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", [place]
        ) from None
    handler = getattr(module, function_name, None)
    if handler is None:
        raise RuntimeFailure("HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'")
    return handler


def follow_logging():
    """Lambda gives the root logger a handler; a function that only sets a level relies on it."""
    logging = sys.modules.get("logging")
    if logging is None or logging.root.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(message)s", "%Y-%m-%dT%H:%M:%S"))
    handler.formatter.converter = time.gmtime
    logging.root.addHandler(handler)


def error_object(error, request_id, own_frames):
    """The error as Lambda writes it; the frames of this file are left out."""
    import traceback

    if isinstance(error, RuntimeFailure):
        return {**error.object, "requestId": request_id}
    frames = traceback.extract_tb(error.__traceback__)[own_frames:]
    frames = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(frames),
    }


def log_error(error):
    sys.stdout.write(f"[ERROR] {error['errorType']}: {error['errorMessage']}\n")
    if error["stackTrace"]:
        sys.stdout.write("Traceback (most recent call last):\n" + "".join(error["stackTrace"]))
    sys.stdout.flush()


def decimal_as_float(value):
    if type(value).__name__ == "Decimal":
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def marshal(result):
    try:
        return json.dumps(result, ensure_ascii=False, default=decimal_as_float).encode()
    except Exception as error:
        raise RuntimeFailure("MarshalError", f"Unable to marshal response: {error}") from None


def unmarshal(body):
    try:
        return json.loads(body)
    except Exception as error:
        raise RuntimeFailure("UnmarshalError", f"Unable to unmarshal input: {error}") from None


def handle(connection, handler, headers, body):
    request_id = headers["lambda-runtime-aws-request-id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
    try:
        answer = marshal(handler(unmarshal(body), LambdaContext(headers)))
    except Exception as error:
        error = error_object(error, request_id, own_frames=1)
        log_error(error)
        text = json.dumps(error, ensure_ascii=False).encode("utf-8", "replace")
        connection.post(f"invocation/{request_id}/error", text, error["errorType"], NEXT)
        return
    sys.stdout.flush()
    connection.post(f"invocation/{request_id}/response", answer, None, NEXT)


def main():
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    sys.stdout.reconfigure(line_buffering=True)
    connection = Connection()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        error = error_object(error, "", own_frames=2)
        log_error(error)
        connection.post("init/error", json.dumps(error).encode(), error["errorType"])
        connection.receive()
        sys.exit(1)
    follow_logging()
    connection.ask_next()
    while True:
        status, headers, body = connection.receive()
        if status == 200 and "lambda-runtime-aws-request-id" in headers:
            handle(connection, handler, headers, body)
        elif status != 202 and status != 413:
            sys.exit(f"the runtime API answered {status}: {body.decode('utf-8', 'replace')}")


main()
