// Package crds pins the modules whose CustomResourceDefinitions the tests install, and the generator for those that publish only Go types.
// Nothing here is executed: test/peers/definitions.ts reads the files and runs the generator.
package crds

import (
	_ "github.com/k8snetworkplumbingwg/network-attachment-definition-client/pkg/apis/k8s.cni.cncf.io/v1"
	_ "github.com/kubernetes-csi/external-snapshotter/client/v8/apis/volumesnapshot/v1"
	_ "kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1"
)
