// Renders a chart as `helm template` does, with Helm's own loader, values schema check and template engine, and nothing that would speak to a
// cluster: helm CHART RELEASE NAMESPACE < VALUES.json. Prints one JSON object: file of the chart -> what it became.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

func main() {
	if err := render(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func render() error {
	if len(os.Args) != 4 {
		return fmt.Errorf("usage: helm CHART RELEASE NAMESPACE < VALUES.json")
	}
	chart, err := loader.Load(os.Args[1])
	if err != nil {
		return err
	}
	if err := chart.Validate(); err != nil {
		return err
	}
	var given map[string]interface{}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	release := chartutil.ReleaseOptions{Name: os.Args[2], Namespace: os.Args[3], Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(chart, given, release, chartutil.DefaultCapabilities)
	if err != nil {
		return err
	}
	files, err := engine.Engine{Strict: true, LintMode: false}.Render(chart, values)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(files)
}
