// Package conformance has what Hearback serves read by programs that others
// wrote: the public log by Tessera's fsck and the client of torchwood, the
// OpenAPI document by libopenapi, and the tools for assistants by the Go SDK of
// the Model Context Protocol. It is a module of its own so that what they depend
// on does not become a dependency of Hearback.
//
//	cd conformance && go test ./...
package conformance
