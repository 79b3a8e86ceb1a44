{{/* What the pod standard `restricted` asks of a pod, and more. The uid is that of the image. */}}
{{- define "seqline.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "seqline.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: {{ .Values.readOnlyRootFilesystem }}
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Metadata of a component's pods: a change of the chart's Secret rolls them. */}}
{{- define "seqline.podMetadata" -}}
{{- $settings := index .root.Values .component -}}
labels:
  {{- include "seqline.labels" . | nindent 2 }}
  {{- with $settings.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ .component }}
  checksum/secret: {{ include "seqline.secrets" .root | sha256sum }}
  {{- with $settings.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* Everything of a pod but its containers and volumes. */}}
{{- define "seqline.podSettings" -}}
{{- $settings := index .root.Values .component -}}
automountServiceAccountToken: {{ eq .component "controller" }}
enableServiceLinks: false
securityContext:
  {{- include "seqline.podSecurityContext" . | nindent 2 }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- $spread := .root.Values.topologySpreadConstraints | default (list (include "seqline.spread" "kubernetes.io/hostname" | fromYaml) (include "seqline.spread" "topology.kubernetes.io/zone" | fromYaml)) }}
  {{- range $spread }}
  - {{- toYaml . | nindent 4 }}
    labelSelector:
      matchLabels:
        {{- include "seqline.selectorLabels" $ | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* Of one rollout's pods: those that are about to leave do not count. */}}
{{- define "seqline.spread" -}}
maxSkew: 1
topologyKey: {{ . }}
whenUnsatisfiable: ScheduleAnyway
matchLabelKeys: [pod-template-hash]
{{- end -}}

{{/* A process that is alive may wait for its servers as long as it must; one that is not ready gets no clients. */}}
{{- define "seqline.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: internal}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: internal}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
livenessProbe:
  httpGet: {path: /livez, port: internal}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{/* Beyond DRAIN_MS a process may take 15 s to end; see STOP_GRACE_MS of the program. */}}
{{- define "seqline.stopSeconds" -}}
{{- add (div (add (int .) 999) 1000) 20 -}}
{{- end -}}
