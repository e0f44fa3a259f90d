package main

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	objectvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/json"
)

// structuralSchema checks an object against one served version of a CRD in the steps of an API server that is asked for fieldValidation=Strict:
// unknown fields, dropped nulls, defaults, OpenAPI rules, metadata, list sets and maps, CEL.
type structuralSchema struct {
	structural *schema.Structural
	openapi    validation.SchemaValidator
	rules      *cel.Validator
}

// newStructuralSchema compiles the schema of the version that the CRD stores.
func newStructuralSchema(definition *extv1.CustomResourceDefinition) (*structuralSchema, error) {
	for _, version := range definition.Spec.Versions {
		if !version.Storage {
			continue
		}
		internal := &apiextensions.CustomResourceValidation{}
		if err := extv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(version.Schema, internal, nil); err != nil {
			return nil, err
		}
		structural, err := schema.NewStructural(internal.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		openapi, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
		if err != nil {
			return nil, err
		}
		return &structuralSchema{structural, openapi, cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
	}
	return nil, fmt.Errorf("%s stores no version", definition.Name)
}

func (s *structuralSchema) check(raw []byte) stage {
	object := map[string]any{}
	duplicates, err := json.UnmarshalStrict(raw, &object)
	if err != nil {
		return rejected(cause{Message: err.Error()})
	}
	var causes []cause
	for _, duplicate := range duplicates {
		causes = append(causes, cause{Message: duplicate.Error()})
	}
	meta, _, unknown, err := objectmeta.GetObjectMetaWithOptions(object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return rejected(cause{Field: "metadata", Message: err.Error()})
	}
	unknown = append(unknown, pruning.PruneWithOptions(object, s.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	for _, path := range unknown {
		causes = append(causes, cause{Field: path, Message: "unknown field"})
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s.structural)
	defaulting.Default(object, s.structural)

	errs := checkMetadata(meta)
	errs = append(errs, validation.ValidateCustomResource(nil, object, s.openapi)...)
	errs = append(errs, objectmeta.Validate(nil, object, s.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, s.structural, object)...)
	if len(errs) == 0 {
		ruleErrs, _ := s.rules.Validate(context.Background(), nil, s.structural, object, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, ruleErrs...)
	}
	return judged(append(causes, fieldCauses(errs)...))
}

// checkMetadata applies the API server's rules for names, labels and annotations. A manifest without a namespace gets the one of the caller,
// which is always valid.
func checkMetadata(meta *metav1.ObjectMeta) field.ErrorList {
	if meta == nil {
		meta = &metav1.ObjectMeta{}
	}
	meta = meta.DeepCopy()
	if meta.Namespace == "" {
		meta.Namespace = metav1.NamespaceDefault
	}
	return objectvalidation.ValidateObjectMeta(meta, true, objectvalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

func fieldCauses(errs field.ErrorList) []cause {
	var causes []cause
	for _, err := range errs {
		causes = append(causes, cause{Field: err.Field, Message: err.ErrorBody()})
	}
	return causes
}
