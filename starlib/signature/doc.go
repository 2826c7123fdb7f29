// Package signature reads the docstring of a script and the parameters of its
// function main, without running the script. The parameters are the script's own
// flags. For example, this main gives the script a flag --max-failures of type int:
//
//	def main(max_failures = 0):
//	    """
//	    Args:
//	      max_failures: how many failed images still let the run pass
//	    """
//
// The help of the flag is the text below "Args:". The command line parses the flags,
// and the run passes their values to main.
package signature
