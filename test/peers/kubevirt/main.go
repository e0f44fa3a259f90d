// Command kubevirt-peer judges manifests with KubeVirt's own code. It is a test peer: no part of the product imports or ships it.
//
//	kubevirt-peer crds           the CustomResourceDefinitions of KubeVirt, one JSON document a line
//	kubevirt-peer admit [GATE…]  manifests on stdin (JSON documents, or arrays of them) → one verdict a line on stdout, in order;
//	                             the feature gates are switched on beside those that are on by default
//
// What is judged, and how it was put together from KubeVirt's parts, is in admit.go. There is no cluster behind it: storage classes, claims,
// networks, quota and nodes are never looked at.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"kubevirt.io/client-go/log"
)

func main() {
	// KubeVirt logs every defaulting step; the verdict says all that a test wants to know.
	log.Log.SetIOWriter(io.Discard)
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kubevirt-peer:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: kubevirt-peer crds|admit [GATE…]")
	}
	buffered := bufio.NewWriter(out)
	var err error
	switch args[0] {
	case "crds":
		err = printDefinitions(json.NewEncoder(buffered))
	case "admit":
		err = admitAll(in, json.NewEncoder(buffered), args[1:])
	default:
		err = fmt.Errorf("unknown command %q", args[0])
	}
	if err != nil {
		return err
	}
	return buffered.Flush()
}
