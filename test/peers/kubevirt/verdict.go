package main

import (
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	virtv1 "kubevirt.io/api/core/v1"
)

// verdict is one line of output. Create and Start are absent for kinds that only have a schema.
type verdict struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Accepted bool   `json:"accepted"`
	Schema   stage  `json:"schema"`
	Create   *stage `json:"create,omitempty"`
	Start    *stage `json:"start,omitempty"`
	// Started is the VirtualMachineInstance that a start would make, with everything that KubeVirt fills in.
	Started *virtv1.VirtualMachineInstance `json:"started,omitempty"`
}

type stage struct {
	Accepted bool     `json:"accepted"`
	Causes   []cause  `json:"causes"`
	Warnings []string `json:"warnings"`
}

// cause is one objection in KubeVirt's (or the API server's) own words.
type cause struct {
	// Field is a path such as spec.template.spec.domain.cpu; empty where the objection is about the whole object.
	Field   string `json:"field"`
	Message string `json:"message"`
}

// judged drops repetitions: KubeVirt runs some of its validators twice.
func judged(causes []cause) stage {
	found := stage{Accepted: len(causes) == 0, Causes: []cause{}, Warnings: []string{}}
	for _, one := range causes {
		if !slices.Contains(found.Causes, one) {
			found.Causes = append(found.Causes, one)
		}
	}
	return found
}

func rejected(causes ...cause) stage { return judged(causes) }

// answered turns the answer of a webhook into a stage.
func answered(response *admissionv1.AdmissionResponse) stage {
	if response.Allowed {
		found := judged(nil)
		found.Warnings = append(found.Warnings, response.Warnings...)
		return found
	}
	if response.Result == nil {
		return rejected(cause{Message: "refused without a reason"})
	}
	if response.Result.Details != nil && len(response.Result.Details.Causes) > 0 {
		return judged(statusCauses(response.Result.Details.Causes))
	}
	return rejected(cause{Message: response.Result.Message})
}

func statusCauses(given []metav1.StatusCause) []cause {
	var causes []cause
	for _, one := range given {
		causes = append(causes, cause{Field: one.Field, Message: one.Message})
	}
	return causes
}
