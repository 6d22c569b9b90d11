/** The scheme of the addresses of notebook cells, by which the editor's own parts tell them apart. */
export const CELL_SCHEME = 'vscode-notebook-cell';
