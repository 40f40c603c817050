// Package conformance has the public log read by programs that others wrote:
// Tessera's fsck and the client of torchwood. It is a module of its own so that
// what they depend on does not become a dependency of Hearback.
//
//	cd conformance && go test ./...
package conformance
