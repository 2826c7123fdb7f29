// Package junit writes test reports in the XML that Jenkins, GitLab and the actions of
// GitHub read. There is no standard, so the package has only what all of them know.
//
// Whoever has many cases hands them over one after the other, and says before how many
// there will be, because the counts stand in front of the cases.
package junit
