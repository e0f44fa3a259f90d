{{- /* Pieces that several templates share. */ -}}

{{- define "kubeferry.labels" -}}
app.kubernetes.io/name: kubeferry
app.kubernetes.io/component: {{ .component }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "kubeferry.selector" -}}
app.kubernetes.io/name: kubeferry
app.kubernetes.io/component: {{ . }}
{{- end }}

{{- define "kubeferry.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- define "kubeferry.settings" -}}
{{- $workers := .Values.workers.settings }}
{{- with .Values.imagePullSecrets }}
{{- $workers = merge (dict "imagePullSecrets" .) $workers }}
{{- end }}
{{- toYaml (merge (dict "KUBEFERRY_WORKERS" (toJson $workers)) .Values.settings) }}
{{- end }}

{{- define "kubeferry.withWorkers" -}}
{{- if kindIs "bool" .Values.workers.create }}{{ if .Values.workers.create }}true{{ end }}{{ else if eq .Values.scope "namespace" }}true{{ end -}}
{{- end }}

{{- /* Who and where of a binding: kind, name, component, root. */ -}}
{{- define "kubeferry.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- if eq .kind "Role" }}
  namespace: {{ .root.Release.Namespace }}
  {{- end }}
  labels:
    {{- include "kubeferry.labels" (dict "root" .root "component" "operator") | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: kubeferry-operator
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "kubeferry.ports" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
- ports:
    {{- range . }}
    - port: {{ . }}
    {{- end }}
{{- end }}
