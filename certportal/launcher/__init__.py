"""The Python side of `./portal`: set-up, embedded services, supervision, and the commands an operator types.

Everything that runs before the virtual environment exists imports the standard library only. The modules that need
installed packages (`databases`, `mailcatcher`, `smoke`) are started with the environment's own interpreter.
"""
