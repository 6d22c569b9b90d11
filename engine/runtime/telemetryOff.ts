// ONNX Runtime's official builds for Linux and macOS report to Microsoft unless this is set before the library is loaded:
// a device id and a queue of events on disk, a log in the temporary folder, uploads from native threads.
// On Windows the library writes trace events for the operating system instead, which no variable turns off (docs/privacy.md).

/** Read by the library once; child processes inherit it. */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
