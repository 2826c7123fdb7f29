// Package nearest finds the name that somebody probably meant, if a name does not
// exist. Messages show it as "did you mean". The package compares only letters. It
// does not know what the names are for.
package nearest
