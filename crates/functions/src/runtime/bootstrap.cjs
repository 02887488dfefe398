// Runs a Node function: asks the Lambda runtime API for events, calls the handler, sends back what it returns.
//
// One connection, one event at a time. An answer and the question for the next event travel together. The socket does
// not keep Node alive while the handler runs, so that an empty event loop is noticed, as Lambda notices it.
'use strict';

const fs = require('fs');
const net = require('net');
const path = require('path');

const env = process.env;
// The address, and behind it what only this process knows.
const [api, secret] = env.AWS_LAMBDA_RUNTIME_API.split('/');
const PREFIX = `/${secret}/2018-06-01/runtime/`;
const [host, port] = api.split(':');
const NEXT = `GET ${PREFIX}invocation/next HTTP/1.1\r\nHost: ${api}\r\n\r\n`;
const HEAD_END = Buffer.from('\r\n\r\n');

// --- The connection -------------------------------------------------------------------------------------------------

// What is called with each response, in the order of the requests.
const expected = [];
let received = [];
let receivedLength = 0;
let neededLength = 0;

const socket = net.connect({ host, port: Number(port), noDelay: true });
socket.on('data', onData);
socket.on('error', () => process.exit(1));
socket.on('close', () => process.exit(0));

function onData(chunk) {
  received.push(chunk);
  receivedLength += chunk.length;
  while (receivedLength > 0 && receivedLength >= neededLength) {
    const buffer = received.length === 1 ? received[0] : Buffer.concat(received);
    received = [buffer];
    const headEnd = buffer.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = parseHead(buffer.latin1Slice(0, headEnd));
    const bodyStart = headEnd + 4;
    const end = bodyStart + Number(head.headers['content-length'] || 0);
    if (buffer.length < end) {
      neededLength = end;
      return;
    }
    neededLength = 0;
    receivedLength = buffer.length - end;
    received = receivedLength > 0 ? [buffer.subarray(end)] : [];
    expected.shift()(head, buffer, bodyStart, end);
  }
}

function parseHead(text) {
  const lines = text.split('\r\n');
  const headers = {};
  for (let i = 1; i < lines.length; i++) {
    const colon = lines[i].indexOf(':');
    headers[lines[i].slice(0, colon).toLowerCase()] = lines[i].slice(colon + 1).trim();
  }
  return { status: Number(lines[0].split(' ', 2)[1]), headers };
}

function ignore() {}

function post(where, body, errorType, following, sent) {
  const kind = errorType ? `Lambda-Runtime-Function-Error-Type: ${headerSafe(errorType)}\r\n` : '';
  const head =
    `POST ${PREFIX}${where} HTTP/1.1\r\nHost: ${api}\r\nContent-Type: application/json\r\n${kind}` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  expected.push(ignore);
  socket.ref();
  socket.write(head + body + following, sent);
}

function headerSafe(text) {
  return String(text).replace(/[^\x20-\x7e]/g, '?');
}

// --- Errors ---------------------------------------------------------------------------------------------------------

class RuntimeError extends Error {
  constructor(kind, reason) {
    super(reason instanceof Error ? reason.toString() : String(reason));
    this.name = `Runtime.${kind}`;
    if (reason instanceof Error && reason.stack) {
      const at = reason.stack.indexOf('\n    at ');
      this.stack = `${this.name}: ${this.message}${at < 0 ? '' : reason.stack.slice(at)}`;
    }
  }
}

function errorObject(error) {
  if (error instanceof Error || (error && typeof error === 'object' && error.name && error.message && error.stack)) {
    return {
      errorType: String(error.name),
      errorMessage: String(error.message),
      trace: String(error.stack || '').split('\n'),
    };
  }
  return { errorType: typeof error, errorMessage: text(error), trace: [] };
}

function text(value) {
  try {
    return String(value);
  } catch {
    return '';
  }
}

function log(title, object) {
  process.stderr.write(`${title}\t${JSON.stringify(object)}\n`);
}

// The error is sent for the event at hand, or for the start of the process; then it ends.
let ending = false;
function fatal(title, error, status) {
  if (ending) return;
  ending = true;
  const object = errorObject(error);
  log(title, object);
  const where = running ? `invocation/${running.awsRequestId}/error` : 'init/error';
  running = undefined;
  post(where, JSON.stringify(object), object.errorType, '', () => process.exit(status));
}

process.on('uncaughtException', (error) => fatal('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) =>
  fatal('Unhandled Promise Rejection', new RuntimeError('UnhandledPromiseRejection', reason), 128),
);

// --- The handler ----------------------------------------------------------------------------------------------------

// `file.function`, `folder/file.function`, `file.object.function`.
async function loadHandler(root, handler) {
  const folder = path.dirname(handler);
  const match = /^([^.]*)\.(.+)$/.exec(path.basename(handler));
  if (!match) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  const module = await loadModule(root, path.join(folder, match[1]));
  const found = match[2].split('.').reduce((object, name) => object && object[name], module);
  if (!found) throw new RuntimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw new RuntimeError('HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function loadModule(root, name) {
  const base = path.resolve(root, name);
  const file = ['', '.js', '.mjs', '.cjs'].map((ending) => base + ending).find(isFile);
  try {
    if (!file) throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    if (isEcmaScriptModule(root, file)) return await import(require('url').pathToFileURL(file).href);
    return require(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('UserCodeSyntaxError', error);
    const code = error && error.code;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') throw new RuntimeError('ImportModuleError', error);
    throw error;
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isEcmaScriptModule(root, file) {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  for (let folder = path.dirname(file); folder.startsWith(root); folder = path.dirname(folder)) {
    const described = path.join(folder, 'package.json');
    if (isFile(described)) return JSON.parse(fs.readFileSync(described, 'utf8')).type === 'module';
    if (folder === path.dirname(folder)) return false;
  }
  return false;
}

// --- Events ---------------------------------------------------------------------------------------------------------

// The context of the event at hand.
let running;
// What is done when the event loop is empty.
let atEmptyLoop;

process.on('beforeExit', () => {
  const action = atEmptyLoop;
  atEmptyLoop = undefined;
  if (action) action();
});

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const client = headers['lambda-runtime-client-context'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client && JSON.parse(Buffer.from(client, 'latin1').toString('utf8')),
    identity: undefined,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function run(handler, { status, headers }, buffer, start, end) {
  if (status !== 200) process.exit(1);
  socket.unref();
  const id = headers['lambda-runtime-aws-request-id'];
  env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] || '';
  let open = true;

  function finish(where, body, errorType) {
    open = false;
    if (ending) return;
    running = undefined;
    atEmptyLoop = undefined;
    post(`invocation/${id}/${where}`, body, errorType, NEXT);
    expectEvent(handler);
  }

  function fail(error) {
    if (!open) return;
    const object = errorObject(error);
    log('Invoke Error', object);
    finish('error', JSON.stringify(object), object.errorType);
  }

  function succeed(result) {
    if (!open) return;
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result);
    } catch {
      return fail(new Error('Unable to stringify response body'));
    }
    finish('response', body === undefined ? 'null' : body);
  }

  const done = (error, result) => (error === undefined || error === null ? succeed(result) : fail(error));
  const callback = (error, result) => {
    if (!open) return;
    const failed = error !== undefined && error !== null;
    if (failed || !running.callbackWaitsForEmptyEventLoop) return done(error, result);
    atEmptyLoop = () => succeed(result);
  };

  try {
    const context = (running = contextOf(headers));
    context.done = done;
    context.succeed = succeed;
    context.fail = fail;
    // A handler that neither returns a promise nor calls back has answered nothing when nothing is left to do.
    atEmptyLoop = () => succeed(null);
    const result = handler(JSON.parse(buffer.utf8Slice(start, end)), context, callback);
    if (result && typeof result.then === 'function') result.then(succeed, fail);
  } catch (error) {
    fail(error);
  }
}

function expectEvent(handler) {
  expected.push((...response) => run(handler, ...response));
}

async function main() {
  let handler;
  try {
    handler = await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER);
  } catch (error) {
    return fatal('Init Error', error, 1);
  }
  expectEvent(handler);
  socket.write(NEXT);
}

main();
