{{/* An optional plain variable. */}}
{{- define "seqline.plain" -}}
{{- if .value }}
- name: {{ .name }}
  value: {{ .value | toString | quote }}
{{- end }}
{{- end -}}

{{/* A variable from the Secret that its user has, else from the chart's own. */}}
{{- define "seqline.secret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- if .existing.name }}
      name: {{ .existing.name }}
      key: {{ .existing.key }}
      {{- else }}
      name: {{ .own }}
      key: {{ .name }}
      {{- end }}
{{- end -}}

{{/*
What every role reads. Settings stand in the pods themselves: who rolls back gets the settings of then, and a pod that
restarts amid a rollout does not find those of the next version. `own` names the Secret with what values give.
*/}}
{{- define "seqline.environment" -}}
{{- $v := .root.Values -}}
{{ include "seqline.secret" (dict "name" "MYSQL_URL" "existing" $v.mysql.existingSecret "own" .own) }}
{{ include "seqline.secret" (dict "name" "REDIS_URL" "existing" $v.redis.existingSecret "own" .own) }}
- name: REDIS_CLUSTER
  value: {{ $v.redis.cluster | quote }}
- name: KAFKA_BROKERS
  value: {{ $v.kafka.brokers | quote }}
- name: KAFKA_PARTITIONS
  value: {{ $v.kafka.partitions | int | quote }}
- name: KAFKA_REPLICATION_FACTOR
  value: {{ $v.kafka.replicationFactor | int | quote }}
- name: KAFKA_RETENTION_HOURS
  value: {{ $v.kafka.retentionHours | int | quote }}
- name: KAFKA_SSL
  value: {{ $v.kafka.tls | quote }}
{{- with $v.kafka.sasl }}
{{- if .mechanism }}
- name: KAFKA_SASL_MECHANISM
  value: {{ .mechanism }}
- name: KAFKA_SASL_USERNAME
  value: {{ .username | quote }}
{{ include "seqline.secret" (dict "name" "KAFKA_SASL_PASSWORD" "existing" .existingSecret "own" $.own) }}
{{- end }}
{{- end }}
- name: LOG_LEVEL
  value: {{ $v.config.logLevel }}
- name: HEARTBEAT_INTERVAL_MS
  value: {{ $v.config.heartbeatIntervalMs | int | quote }}
- name: HEARTBEAT_TIMEOUT_MS
  value: {{ $v.config.heartbeatTimeoutMs | int | quote }}
- name: DRAIN_MS
  value: {{ $v.config.drainMs | int | quote }}
{{- range $name, $value := $v.config.extra }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- end -}}

{{/* How tokens are verified, and signed where they are. */}}
{{- define "seqline.authEnvironment" -}}
{{- $v := .root.Values -}}
{{- if not $v.auth.jwksUrl }}
{{ include "seqline.secret" (dict "name" "AUTH_JWT_SECRET" "existing" $v.auth.existingSecret "own" .own) }}
{{- end }}
{{- include "seqline.plain" (dict "name" "AUTH_JWKS_URL" "value" $v.auth.jwksUrl) }}
{{- include "seqline.plain" (dict "name" "AUTH_JWT_ISSUER" "value" $v.auth.issuer) }}
{{- include "seqline.plain" (dict "name" "AUTH_JWT_AUDIENCE" "value" $v.auth.audience) }}
{{- end -}}

{{/* What gateways read besides. */}}
{{- define "seqline.gatewayEnvironment" -}}
{{- $v := .root.Values -}}
{{- include "seqline.authEnvironment" . }}
{{- if $v.auth.devTokens }}
- name: AUTH_DEV_TOKENS
  value: "true"
- name: AUTH_DEV_TOKENS_PUBLIC
  value: "true"
{{- end }}
{{- include "seqline.plain" (dict "name" "ALLOWED_ORIGINS" "value" (join "," $v.config.allowedOrigins)) }}
- name: TRUST_PROXY
  value: {{ $v.config.trustProxy | quote }}
- name: DATA_DIR
  value: /data
{{- with $v.s3 }}
{{- if .endpoint }}
- name: S3_ENDPOINT
  value: {{ .endpoint | quote }}
- name: S3_BUCKET
  value: {{ .bucket | quote }}
- name: S3_REGION
  value: {{ .region | quote }}
{{ include "seqline.secret" (dict "name" "S3_ACCESS_KEY_ID" "existing" (dict "name" .existingSecret.name "key" .existingSecret.accessKeyIdKey) "own" $.own) }}
{{ include "seqline.secret" (dict "name" "S3_SECRET_ACCESS_KEY" "existing" (dict "name" .existingSecret.name "key" .existingSecret.secretAccessKeyKey) "own" $.own) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Secrets that the values give, as the data of a Secret; empty where all come from Secrets that exist. */}}
{{- define "seqline.storeSecrets" -}}
{{- $v := .Values -}}
{{- with $v.mysql.url }}
MYSQL_URL: {{ . | quote }}
{{- end }}
{{- with $v.redis.url }}
REDIS_URL: {{ . | quote }}
{{- end }}
{{- with $v.kafka.sasl.password }}
KAFKA_SASL_PASSWORD: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "seqline.secrets" -}}
{{- include "seqline.storeSecrets" . -}}
{{- $v := .Values -}}
{{- with $v.auth.jwtSecret }}
AUTH_JWT_SECRET: {{ . | quote }}
{{- end }}
{{- with $v.s3.accessKeyId }}
S3_ACCESS_KEY_ID: {{ . | quote }}
{{- end }}
{{- with $v.s3.secretAccessKey }}
S3_SECRET_ACCESS_KEY: {{ . | quote }}
{{- end }}
{{- end -}}
