"""The curriculum in small: arms, the other architecture, tables and charts."""
