// Package signature reads how a script describes itself, without running it: its
// docstring, and the parameters of its function main, which are the script's own
// flags.
//
//	def main(max_failures = 0):
//	    """
//	    Args:
//	      max_failures: how many failed images still let the run pass
//	    """
//
// makes a flag --max-failures of type int, whose help is the text below "Args:".
// The command line parses these flags; the run passes their values to main.
package signature
