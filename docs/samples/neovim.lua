-- Palimpsest in Neovim: `nvim -u docs/samples/neovim.lua FILE`, or put this into your configuration.
-- Select lines and run :Rewrite. In Neovim 0.12, text at the cursor comes while you type, and <Tab> takes it.
local command = { 'palimpsest', 'lsp' }

vim.api.nvim_create_autocmd('FileType', {
  pattern = { 'python', 'typescript', 'javascript', 'lua', 'go', 'rust', 'c', 'cpp', 'java' },
  callback = function(args)
    vim.lsp.start({ name = 'palimpsest', cmd = command, root_dir = vim.fn.getcwd() }, { bufnr = args.buf })
  end,
})

vim.api.nvim_create_user_command('Rewrite', function(lines)
  local indent = #vim.fn.getline(lines.line1):match('^%s*')
  local last = #vim.fn.getline(lines.line2)
  vim.lsp.buf.code_action({
    range = { start = { lines.line1, indent }, ['end'] = { lines.line2, last } },
    filter = function(action) return action.kind == 'refactor.rewrite.palimpsest' end,
    apply = true,
  })
end, { range = true })

if vim.lsp.inline_completion then
  vim.lsp.inline_completion.enable()
  vim.keymap.set('i', '<Tab>', function()
    if not vim.lsp.inline_completion.get() then return '<Tab>' end
  end, { expr = true, desc = 'Take the suggestion' })
end
