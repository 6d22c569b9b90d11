// The only way to ONNX Runtime, for the engine, the tests and the benches alike (the linter refuses any other): what has
// to be set before the library is loaded cannot be forgotten by a new entry.
import './telemetryOff';

export { InferenceSession, Tensor } from 'onnxruntime-node';
