// Command vcsim is govmomi's vCenter simulator as the tests start it: told what to serve by one JSON line on standard input,
// so that no password is in argv; says where it listens by one JSON line on standard output; ends when standard input ends,
// so that no simulator survives the test that started it. Nothing of the simulator is changed: what it lacks, ../../vcenter.ts adds.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"

	// Endpoints beside /sdk: storage policies (pbm) and tags (vapi). Single sign-on stays out: it knows its own users only.
	_ "github.com/vmware/govmomi/pbm/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

// config is the line that is read.
type config struct {
	Username string `json:"username"`
	Password string `json:"password"`
	// Esx serves a standalone host instead of a vCenter.
	Esx bool `json:"esx"`
	// Load is a folder that `govc object.save` has written; the model's counts then do not matter.
	Load string `json:"load"`
	// ApiVersion such as "8.0.3.0".
	ApiVersion string `json:"apiVersion"`
	// Model overrides counts by govmomi's own JSON names (machine, cluster, clusterHost, pool, portgroup, opaqueNetwork, ...).
	Model json.RawMessage `json:"model"`
	// Autostart powers new VMs on.
	Autostart bool `json:"autostart"`
	// Certificate and Key in PEM; both empty serves plain HTTP.
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "vcsim:", err)
		os.Exit(1)
	}
}

func run() error {
	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	var asked config
	if err := json.Unmarshal(line, &asked); err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	model, err := build(asked)
	if err != nil {
		return err
	}
	defer model.Remove()

	service := model.Service
	service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(asked.Username, asked.Password)}
	service.RegisterEndpoints = true
	if asked.Certificate != "" {
		pair, err := tls.X509KeyPair([]byte(asked.Certificate), []byte(asked.Key))
		if err != nil {
			return err
		}
		service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	server := service.NewServer()
	defer server.Close()
	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"host": server.URL.Hostname(), "port": server.URL.Port()}); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, input)
	return err
}

func build(asked config) (*simulator.Model, error) {
	model := simulator.VPX()
	if asked.Esx {
		model = simulator.ESX()
	}
	model.Autostart = asked.Autostart
	if len(asked.Model) > 0 {
		if err := json.Unmarshal(asked.Model, model); err != nil {
			return nil, err
		}
	}
	if asked.ApiVersion != "" {
		model.ServiceContent.About.ApiVersion = asked.ApiVersion
		vpx.ServiceContent.About.ApiVersion = asked.ApiVersion
	}
	if asked.Load != "" {
		return model, model.Load(asked.Load)
	}
	return model, model.Create()
}
