// Command collect is the peer of the inventory benchmark.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/mo"
)

func main() {
	flag.Parse()
	u, _ := url.Parse(flag.Arg(0))
	c, err := govmomi.NewClient(context.Background(), u, true)
	var vms []mo.VirtualMachine
	fmt.Println(c, err, len(vms))
	os.Exit(1)
}
