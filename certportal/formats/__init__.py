"""How the portal writes dates, language by language: the month in words, so that no one confuses 3 April and 4 March."""
