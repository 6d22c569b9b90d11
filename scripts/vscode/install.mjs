// What tests in a browser stand on, before them: how long a download takes is no business of theirs.
import { ensureChromium } from './browser.mjs';
import { ensureCodeServer } from './codeServer.mjs';

ensureCodeServer();
ensureChromium();
