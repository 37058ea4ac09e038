"""The command line: parse, call, print. Nothing heavy is loaded before it is needed."""
