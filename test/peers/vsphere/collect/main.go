// Command collect is the peer of the inventory benchmark: govmomi's property collector reads the given properties of all VMs into typed structs,
// page by page. The server and the credentials come from GOVC_URL, GOVC_USERNAME and GOVC_PASSWORD; the certificate is not verified.
// It says what it read and what that cost the whole process, as one JSON line.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type report struct {
	Vms     int `json:"vms"`
	Devices int `json:"devices"`
	Pages   int `json:"pages"`
	// CpuSeconds is user and system time since the process began.
	CpuSeconds  float64 `json:"cpuSeconds"`
	WallSeconds float64 `json:"wallSeconds"`
	// PeakRssBytes of the process.
	PeakRssBytes int64 `json:"peakRssBytes"`
}

func main() {
	page := flag.Int("page", 500, "VMs in one answer")
	keep := flag.Bool("keep", false, "hold all VMs until the end, as a client that does not stream")
	flag.Parse()
	if err := run(context.Background(), int32(*page), *keep, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "collect:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, page int32, keep bool, properties []string) error {
	began := time.Now()
	server, err := url.Parse(os.Getenv("GOVC_URL"))
	if err != nil {
		return err
	}
	server.User = url.UserPassword(os.Getenv("GOVC_USERNAME"), os.Getenv("GOVC_PASSWORD"))
	client, err := govmomi.NewClient(ctx, server, true)
	if err != nil {
		return err
	}
	defer func() { _ = client.Logout(ctx) }()

	var counted report
	var kept []mo.VirtualMachine
	err = read(ctx, client, page, properties, func(vms []mo.VirtualMachine) {
		counted.Pages++
		counted.Vms += len(vms)
		for _, vm := range vms {
			if vm.Config != nil {
				counted.Devices += len(vm.Config.Hardware.Device)
			}
		}
		if keep {
			kept = append(kept, vms...)
		}
	})
	if err != nil {
		return err
	}
	counted.WallSeconds = time.Since(began).Seconds()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	counted.CpuSeconds = time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
	counted.PeakRssBytes = usage.Maxrss * 1024
	if keep && len(kept) != counted.Vms {
		return fmt.Errorf("kept %d of %d VMs", len(kept), counted.Vms)
	}
	return json.NewEncoder(os.Stdout).Encode(counted)
}

func read(ctx context.Context, client *govmomi.Client, page int32, properties []string, take func([]mo.VirtualMachine)) error {
	vms, err := view.NewManager(client.Client).CreateContainerView(ctx, client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		return err
	}
	defer func() { _ = vms.Destroy(ctx) }()

	collector := property.DefaultCollector(client.Client).Reference()
	first, err := methods.RetrievePropertiesEx(ctx, client.Client, &types.RetrievePropertiesEx{
		This: collector,
		SpecSet: []types.PropertyFilterSpec{{
			PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: properties}},
			ObjectSet: []types.ObjectSpec{{
				Obj:       vms.Reference(),
				Skip:      types.NewBool(true),
				SelectSet: []types.BaseSelectionSpec{&types.TraversalSpec{Type: "ContainerView", Path: "view"}},
			}},
		}},
		Options: types.RetrieveOptions{MaxObjects: page},
	})
	if err != nil {
		return err
	}
	for result := first.Returnval; result != nil; {
		var typed []mo.VirtualMachine
		if err := mo.LoadObjectContent(result.Objects, &typed); err != nil {
			return err
		}
		take(typed)
		if result.Token == "" {
			return nil
		}
		next, err := methods.ContinueRetrievePropertiesEx(ctx, client.Client, &types.ContinueRetrievePropertiesEx{This: collector, Token: result.Token})
		if err != nil {
			return err
		}
		result = &next.Returnval
	}
	return nil
}
