// VS Code writes its logs and the extensions' through a native package, which code-server's install scripts would compile.
// They do not run here, and without it every log channel stays empty. This has the same face and writes the same lines.
const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'];

class Logger {
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.formats = true;
    fs.mkdirSync(path.dirname(file), { recursive: true });
  }

  log(level, message) {
    if (level < this.level || this.file === undefined) return;
    const time = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString();
    const head = this.formats ? `${time.slice(0, 23).replace('T', ' ')} [${LEVELS[level]}] ` : '';
    try {
      fs.appendFileSync(this.file, this.formats ? `${head}${message}\n` : message);
    } catch {
      // A log that cannot be written is no reason to fail.
    }
  }

  trace(message) {
    this.log(0, message);
  }
  debug(message) {
    this.log(1, message);
  }
  info(message) {
    this.log(2, message);
  }
  warn(message) {
    this.log(3, message);
  }
  error(message) {
    this.log(4, message);
  }
  critical(message) {
    this.log(5, message);
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  clearFormatters() {
    this.formats = false;
  }
  drop() {
    this.file = undefined;
  }
  setPattern() {}
  flush() {}
}

const create = async (name, file) => new Logger('rotating', name, file);

exports.version = 0;
exports.setLevel = () => undefined;
exports.setFlushOn = () => undefined;
exports.Logger = Logger;
exports.createRotatingLogger = create;
exports.createAsyncRotatingLogger = create;
