package main

import (
	"context"

	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/cache"
	virtv1 "kubevirt.io/api/core/v1"
	instancetypev1beta1 "kubevirt.io/api/instancetype/v1beta1"
	"kubevirt.io/client-go/kubecli"
	instancetypeclient "kubevirt.io/client-go/kubevirt/typed/instancetype/v1beta1"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
)

const kubevirtNamespace = "kubevirt"

// newConfig is the configuration of a KubeVirt that was installed and not touched but for the gates: amd64, CDI beside it.
func newConfig(gates []string) (*virtconfig.ClusterConfig, error) {
	crds := idleInformer(&extv1.CustomResourceDefinition{})
	dataVolumes := &extv1.CustomResourceDefinition{}
	dataVolumes.Spec.Group = virtconfig.CdiGroupName
	dataVolumes.Spec.Names.Kind = "DataVolume"
	if err := crds.GetStore().Add(dataVolumes); err != nil {
		return nil, err
	}
	installations := idleInformer(&virtv1.KubeVirt{})
	installation := &virtv1.KubeVirt{}
	installation.Name = "kubevirt"
	installation.Namespace = kubevirtNamespace
	installation.ResourceVersion = "1"
	installation.Spec.Configuration.DeveloperConfiguration = &virtv1.DeveloperConfiguration{FeatureGates: gates}
	installation.Status.Phase = virtv1.KubeVirtPhaseDeployed
	installation.Status.DefaultArchitecture = "amd64"
	if err := installations.GetStore().Add(installation); err != nil {
		return nil, err
	}
	return virtconfig.NewClusterConfigWithCPUArch(crds, installations, kubevirtNamespace, "amd64")
}

// idleInformer never runs: its store holds what was put into it and nothing else.
func idleInformer(of runtime.Object) cache.SharedIndexInformer {
	return cache.NewSharedIndexInformer(&cache.ListWatch{}, of, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
}

// client answers from the common instance types and preferences that this KubeVirt installs. Whatever else KubeVirt asks of it is a nil
// method: admitAll turns that panic into a failure of the whole run, never into a verdict.
type client struct {
	kubecli.KubevirtClient
	instancetypes map[string]*instancetypev1beta1.VirtualMachineClusterInstancetype
	preferences   map[string]*instancetypev1beta1.VirtualMachineClusterPreference
}

func newClient() (*client, error) {
	instancetypes, err := components.NewClusterInstancetypes()
	if err != nil {
		return nil, err
	}
	preferences, err := components.NewClusterPreferences()
	if err != nil {
		return nil, err
	}
	made := &client{
		instancetypes: map[string]*instancetypev1beta1.VirtualMachineClusterInstancetype{},
		preferences:   map[string]*instancetypev1beta1.VirtualMachineClusterPreference{},
	}
	for _, instancetype := range instancetypes {
		made.instancetypes[instancetype.Name] = instancetype
	}
	for _, preference := range preferences {
		made.preferences[preference.Name] = preference
	}
	return made, nil
}

type clusterInstancetypes struct {
	instancetypeclient.VirtualMachineClusterInstancetypeInterface
	*client
}

type clusterPreferences struct {
	instancetypeclient.VirtualMachineClusterPreferenceInterface
	*client
}

type noInstancetypes struct {
	instancetypeclient.VirtualMachineInstancetypeInterface
}

type noPreferences struct {
	instancetypeclient.VirtualMachinePreferenceInterface
}

func (c *client) VirtualMachineClusterInstancetype() instancetypeclient.VirtualMachineClusterInstancetypeInterface {
	return clusterInstancetypes{client: c}
}

func (c *client) VirtualMachineClusterPreference() instancetypeclient.VirtualMachineClusterPreferenceInterface {
	return clusterPreferences{client: c}
}

func (c *client) VirtualMachineInstancetype(string) instancetypeclient.VirtualMachineInstancetypeInterface {
	return noInstancetypes{}
}

func (c *client) VirtualMachinePreference(string) instancetypeclient.VirtualMachinePreferenceInterface {
	return noPreferences{}
}

func (c clusterInstancetypes) Get(_ context.Context, name string, _ metav1.GetOptions) (*instancetypev1beta1.VirtualMachineClusterInstancetype, error) {
	if found, ok := c.instancetypes[name]; ok {
		return found.DeepCopy(), nil
	}
	return nil, notFound("virtualmachineclusterinstancetypes", name)
}

func (c clusterPreferences) Get(_ context.Context, name string, _ metav1.GetOptions) (*instancetypev1beta1.VirtualMachineClusterPreference, error) {
	if found, ok := c.preferences[name]; ok {
		return found.DeepCopy(), nil
	}
	return nil, notFound("virtualmachineclusterpreferences", name)
}

func (noInstancetypes) Get(_ context.Context, name string, _ metav1.GetOptions) (*instancetypev1beta1.VirtualMachineInstancetype, error) {
	return nil, notFound("virtualmachineinstancetypes", name)
}

func (noPreferences) Get(_ context.Context, name string, _ metav1.GetOptions) (*instancetypev1beta1.VirtualMachinePreference, error) {
	return nil, notFound("virtualmachinepreferences", name)
}

func notFound(resource, name string) error {
	return errors.NewNotFound(schema.GroupResource{Group: instancetypev1beta1.SchemeGroupVersion.Group, Resource: resource}, name)
}
