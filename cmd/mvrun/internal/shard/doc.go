// Package shard finds out which part of the list a run validates. A user names the part,
// such as 3/8, or the engine that started the machine does, with variables of the
// environment: auto.
//
// Every doubt is an error. A part that is taken for another one leaves lines to nobody,
// and no file says so.
//
// The package reads nothing but what its caller looks up. Which lines are of a part,
// engine/imagelist decides.
package shard
