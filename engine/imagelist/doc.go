// Package imagelist reads mirror lists: lines to images. It knows the two
// formats that Hangar reads and the names that registries allow, and opens no
// connection.
package imagelist
