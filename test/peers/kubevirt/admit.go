package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	virtv1 "kubevirt.io/api/core/v1"
	instancetype "kubevirt.io/kubevirt/pkg/instancetype/controller/vm"
	netadmitter "kubevirt.io/kubevirt/pkg/network/admitter"
	"kubevirt.io/kubevirt/pkg/network/vmispec"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks/mutating-webhook/mutators"
	"kubevirt.io/kubevirt/pkg/virt-api/webhooks/validating-webhook/admitters"
	virtconfig "kubevirt.io/kubevirt/pkg/virt-config"
	"kubevirt.io/kubevirt/pkg/virt-controller/watch/vm"
	"kubevirt.io/kubevirt/pkg/virt-operator/resource/generate/components"
	strictjson "sigs.k8s.io/json"
)

// judge takes a VirtualMachine through what a cluster does with it:
//
//	schema   the VirtualMachine CRD, strictly (schema.go)
//	create   KubeVirt's mutating, then its validating webhook for VirtualMachine
//	start    the VM controller's way from VirtualMachine to VirtualMachineInstance (preference and instance type applied), the VMI's
//	         mutating webhook, its CRD, its validating webhook
//
// A stage is judged even when the one before it refused, as long as there is an object to judge.
type judge struct {
	config             *virtconfig.ClusterConfig
	vmSchema           *structuralSchema
	vmiSchema          *structuralSchema
	vmMutator          *mutators.VMsMutator
	vmAdmitter         *admitters.VMsAdmitter
	vmiMutator         *mutators.VMIsMutator
	vmiAdmitter        *admitters.VMICreateAdmitter
	instancetypes      instancetypeController
	controllerUsername string
}

// instancetypeController is the part of KubeVirt's unexported controller that its VM controller calls on the way to a start.
type instancetypeController interface {
	ApplyAutoAttachPreferences(*virtv1.VirtualMachine, *virtv1.VirtualMachineInstance) error
	ApplyToVMI(*virtv1.VirtualMachine, *virtv1.VirtualMachineInstance) error
}

func newJudge(gates []string) (*judge, error) {
	config, err := newConfig(gates)
	if err != nil {
		return nil, err
	}
	kube, err := newClient()
	if err != nil {
		return nil, err
	}
	vmDefinition, err := components.NewVirtualMachineCrd()
	if err != nil {
		return nil, err
	}
	vmSchema, err := newStructuralSchema(vmDefinition)
	if err != nil {
		return nil, err
	}
	vmiDefinition, err := components.NewVirtualMachineInstanceCrd()
	if err != nil {
		return nil, err
	}
	vmiSchema, err := newStructuralSchema(vmiDefinition)
	if err != nil {
		return nil, err
	}
	accounts := webhooks.KubeVirtServiceAccounts(kubevirtNamespace)
	return &judge{
		config:     config,
		vmSchema:   vmSchema,
		vmiSchema:  vmiSchema,
		vmMutator:  mutators.NewVMsMutator(config, kube),
		vmAdmitter: admitters.NewVMsAdmitter(config, kube, &webhooks.Informers{}, accounts),
		vmiMutator: &mutators.VMIsMutator{
			ClusterConfig:           config,
			VMIPresetInformer:       idleInformer(&virtv1.VirtualMachineInstancePreset{}),
			KubeVirtServiceAccounts: accounts,
		},
		vmiAdmitter: &admitters.VMICreateAdmitter{
			ClusterConfig:           config,
			KubeVirtServiceAccounts: accounts,
			// The one validator that virt-api registers beside the built-in ones.
			SpecValidators: []admitters.SpecValidator{
				func(path *field.Path, spec *virtv1.VirtualMachineInstanceSpec, config *virtconfig.ClusterConfig) []metav1.StatusCause {
					return netadmitter.Validate(path, spec, config)
				},
			},
		},
		instancetypes:      instancetype.New(nil, nil, nil, nil, nil, kube, config, nil),
		controllerUsername: fmt.Sprintf("system:serviceaccount:%s:%s", kubevirtNamespace, components.ControllerServiceAccountName),
	}, nil
}

// admitAll reads JSON documents, or arrays of them, until the end of the input.
func admitAll(in io.Reader, out *json.Encoder, gates []string) error {
	judge, err := newJudge(gates)
	if err != nil {
		return err
	}
	documents := json.NewDecoder(in)
	for number := 1; ; {
		var raw json.RawMessage
		if err := documents.Decode(&raw); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("manifest %d: %w", number, err)
		}
		manifests := []json.RawMessage{raw}
		if bytes.HasPrefix(raw, []byte("[")) {
			manifests = nil
			if err := json.Unmarshal(raw, &manifests); err != nil {
				return err
			}
		}
		for _, manifest := range manifests {
			found, err := judge.admit(manifest)
			if err != nil {
				return fmt.Errorf("manifest %d: %w", number, err)
			}
			if err := out.Encode(found); err != nil {
				return err
			}
			number++
		}
	}
}

func (j *judge) admit(raw []byte) (found verdict, err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			err = fmt.Errorf("%s %s: KubeVirt's code needs something that this peer does not have: %v", found.Kind, found.Name, trouble)
		}
	}()
	var head metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &head); err != nil {
		return found, err
	}
	found.Kind, found.Name = head.Kind, head.Name
	switch head.APIVersion + "/" + head.Kind {
	case "v1/PersistentVolumeClaim":
		found.Schema = checkClaim(raw)
		found.Accepted = found.Schema.Accepted
	case "kubevirt.io/v1/VirtualMachine":
		j.admitVm(raw, &found)
	default:
		found.Schema = rejected(cause{Field: "kind", Message: fmt.Sprintf("this peer has no rules for %s of %s", head.Kind, head.APIVersion)})
	}
	return found, err
}

// checkClaim decodes a PersistentVolumeClaim as an API server with fieldValidation=Strict does. The rules of k8s.io/kubernetes about its
// spec are not part of any module that can be imported alone.
func checkClaim(raw []byte) stage {
	var claim corev1.PersistentVolumeClaim
	unknown, err := strictjson.UnmarshalStrict(raw, &claim)
	if err != nil {
		return rejected(cause{Message: err.Error()})
	}
	var causes []cause
	for _, one := range unknown {
		causes = append(causes, cause{Message: one.Error()})
	}
	return judged(append(causes, fieldCauses(checkMetadata(&claim.ObjectMeta))...))
}

func (j *judge) admitVm(raw []byte, found *verdict) {
	found.Schema = j.vmSchema.check(raw)
	var given virtv1.VirtualMachine
	if err := json.Unmarshal(raw, &given); err != nil {
		notDecoded := rejected(cause{Message: err.Error()})
		found.Create, found.Start = &notDecoded, &notDecoded
		return
	}
	if given.Namespace == "" {
		given.Namespace = metav1.NamespaceDefault
	}
	created, create := j.create(&given)
	found.Create = &create
	start := rejected(cause{Message: "there is nothing to start: the VirtualMachine got no defaults"})
	if created != nil {
		found.Started, start = j.start(created)
	}
	found.Start = &start
	found.Accepted = found.Schema.Accepted && create.Accepted && start.Accepted
}

// create returns the VirtualMachine as it would be stored, or nil when the mutating webhook refused.
func (j *judge) create(given *virtv1.VirtualMachine) (*virtv1.VirtualMachine, stage) {
	stored := &virtv1.VirtualMachine{}
	mutate := review(given, webhooks.VirtualMachineGroupVersionResource, "kubernetes-admin")
	if refused := apply(j.vmMutator.Mutate(mutate), mutate, stored); refused != nil {
		return nil, *refused
	}
	stored.UID = "6e1c4f0a-2f0e-4f43-9a53-0d5a3f2b7c11" // the API server gives one; owner references need it
	validate := review(stored, webhooks.VirtualMachineGroupVersionResource, "kubernetes-admin")
	return stored, answered(j.vmAdmitter.Admit(context.Background(), validate))
}

// start follows startVMI of KubeVirt's VM controller, which cannot be called without a cluster: the same functions in the same order.
// Left out is what depends on a cluster's state: DataVolumes, ControllerRevisions, changed-block tracking.
func (j *judge) start(stored *virtv1.VirtualMachine) (*virtv1.VirtualMachineInstance, stage) {
	made := vm.SetupVMIFromVM(stored)
	if err := j.instancetypes.ApplyAutoAttachPreferences(stored, made); err != nil {
		return nil, rejected(cause{Field: "spec.preference", Message: err.Error()})
	}
	vm.AutoAttachInputDevice(made)
	if err := vmispec.SetDefaultNetworkInterface(j.config, &made.Spec); err != nil {
		return nil, rejected(cause{Field: "spec.template.spec.domain.devices.interfaces", Message: err.Error()})
	}
	if err := j.instancetypes.ApplyToVMI(stored, made); err != nil {
		return nil, rejected(cause{Message: err.Error()})
	}
	if causes := netadmitter.NewValidator(field.NewPath("spec"), &made.Spec, j.config).ValidateCreation(); len(causes) > 0 {
		return nil, judged(statusCauses(causes))
	}

	started := &virtv1.VirtualMachineInstance{}
	mutate := review(made, webhooks.VirtualMachineInstanceGroupVersionResource, j.controllerUsername)
	if refused := apply(j.vmiMutator.Mutate(mutate), mutate, started); refused != nil {
		return nil, *refused
	}
	validate := review(started, webhooks.VirtualMachineInstanceGroupVersionResource, j.controllerUsername)
	schema := j.vmiSchema.check(validate.Request.Object.Raw)
	answer := answered(j.vmiAdmitter.Admit(context.Background(), validate))
	both := judged(append(schema.Causes, answer.Causes...))
	both.Warnings = answer.Warnings
	return started, both
}

// review is the question that an API server puts to a webhook when an object is created.
func review(object runtime.Object, resource metav1.GroupVersionResource, username string) *admissionv1.AdmissionReview {
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	request := &admissionv1.AdmissionRequest{Operation: admissionv1.Create, Resource: resource, Object: runtime.RawExtension{Raw: raw}}
	request.UserInfo.Username = username
	return &admissionv1.AdmissionReview{Request: request}
}

// apply writes what a mutating webhook made of its object into result, or returns its refusal.
func apply(response *admissionv1.AdmissionResponse, asked *admissionv1.AdmissionReview, result any) *stage {
	if !response.Allowed {
		refused := answered(response)
		return &refused
	}
	patch, err := jsonpatch.DecodePatch(response.Patch)
	if err != nil {
		panic(err)
	}
	patched, err := patch.Apply(asked.Request.Object.Raw)
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(patched, result); err != nil {
		panic(err)
	}
	return nil
}
