// Entry of a real engine process whose models are scripted.
import { runAs } from '../../../engine/process/entry';
import { ScriptedLoader } from './scriptedModel';

// As a library does that looks for a terminal when it is imported: the console keeps the stream that it found.
Reflect.get(console, '_stdout');

void runAs(process.argv.slice(2), new ScriptedLoader().loadModel);
