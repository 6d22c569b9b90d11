// Entry of the scripted engine: a real engine process whose only model is scripted.
import { runEngine } from '../../engine/process/engineProcess';
import { loadScriptedModel } from './scriptedModel';

runEngine(loadScriptedModel);
