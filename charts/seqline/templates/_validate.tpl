{{/* What a schema cannot say: settings that contradict each other end the rendering, all of them named at once. */}}
{{- define "seqline.validate" -}}
{{- $v := .Values -}}
{{- $faults := list -}}
{{- range $name, $store := dict "mysql" $v.mysql "redis" $v.redis -}}
{{- $ways := list $store.url $store.existingSecret.name | compact | len -}}
{{- if ne $ways 1 -}}
{{- $faults = append $faults (printf "%s: set exactly one of url and existingSecret.name (%d are set)." $name $ways) -}}
{{- end -}}
{{- end -}}
{{- if not $v.kafka.brokers -}}
{{- $faults = append $faults "kafka.brokers: must be set." -}}
{{- end -}}
{{- with $v.kafka.sasl -}}
{{- $ways := list .password .existingSecret.name | compact | len -}}
{{- if and .mechanism (or (not .username) (ne $ways 1)) -}}
{{- $faults = append $faults "kafka.sasl: with a mechanism set username, and exactly one of password and existingSecret.name." -}}
{{- end -}}
{{- if and (not .mechanism) (or .username $ways) -}}
{{- $faults = append $faults "kafka.sasl: a login without a mechanism; set plain, scram-sha-256 or scram-sha-512." -}}
{{- end -}}
{{- end -}}
{{- with $v.auth -}}
{{- $ways := list .jwtSecret .existingSecret.name .jwksUrl | compact | len -}}
{{- if ne $ways 1 -}}
{{- $faults = append $faults (printf "auth: set exactly one of jwtSecret, existingSecret.name and jwksUrl (%d are set)." $ways) -}}
{{- end -}}
{{- if and .devTokens .jwksUrl -}}
{{- $faults = append $faults "auth.devTokens: with jwksUrl there is no key to sign with." -}}
{{- end -}}
{{- end -}}
{{- with $v.s3 -}}
{{- $pair := list .accessKeyId .secretAccessKey | compact | len -}}
{{- $hasKey := or (and (eq $pair 2) (not .existingSecret.name)) (and (eq $pair 0) .existingSecret.name) -}}
{{- if and .endpoint (or (not .bucket) (not $hasKey)) -}}
{{- $faults = append $faults "s3: with an endpoint set bucket, and either accessKeyId and secretAccessKey or existingSecret.name." -}}
{{- end -}}
{{- if and (not .endpoint) (or .bucket $pair .existingSecret.name) -}}
{{- $faults = append $faults "s3.endpoint: must be set where the rest is." -}}
{{- end -}}
{{- if and .endpoint $v.uploads.existingClaim -}}
{{- $faults = append $faults "uploads.existingClaim: nothing is kept there where s3.endpoint is set; unset one." -}}
{{- end -}}
{{- end -}}
{{- if le (int $v.config.heartbeatTimeoutMs) (mul 2 (int $v.config.heartbeatIntervalMs)) -}}
{{- $faults = append $faults "config.heartbeatTimeoutMs: must be more than twice heartbeatIntervalMs." -}}
{{- end -}}
{{- range $name, $_ := $v.config.extra -}}
{{- if has $name (list "HOST" "PORT" "INTERNAL_PORT" "GATEWAY_ID" "DATA_DIR" "LOG_LEVEL" "MYSQL_URL" "REDIS_URL" "DRAIN_MS" "TRUST_PROXY" "ALLOWED_ORIGINS" "HEARTBEAT_INTERVAL_MS" "HEARTBEAT_TIMEOUT_MS") | or (regexMatch "^(KAFKA|AUTH|S3|KUBERNETES)_" $name) -}}
{{- $faults = append $faults (printf "config.extra.%s: the chart has a value of its own for it." $name) -}}
{{- end -}}
{{- end -}}
{{- with $v.worker -}}
{{- if and (not .keda.enabled) (gt (int .replicas) (int $v.kafka.partitions)) -}}
{{- $faults = append $faults "worker.replicas: more than kafka.partitions; those beyond would have nothing to do." -}}
{{- end -}}
{{- if and .keda.enabled (gt (int .keda.maxReplicas) (int $v.kafka.partitions)) -}}
{{- $faults = append $faults "worker.keda.maxReplicas: more than kafka.partitions; those beyond would have nothing to do." -}}
{{- end -}}
{{- if and .keda.enabled (gt (int .keda.minReplicas) (int .keda.maxReplicas)) -}}
{{- $faults = append $faults "worker.keda.minReplicas: more than maxReplicas." -}}
{{- end -}}
{{- end -}}
{{- with $v.gateway.service -}}
{{- if and .nodePort (eq .type "ClusterIP") -}}
{{- $faults = append $faults "gateway.service.nodePort: needs the type NodePort or LoadBalancer." -}}
{{- end -}}
{{- end -}}
{{- with $v.gateway.autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- $faults = append $faults "gateway.autoscaling.minReplicas: more than maxReplicas." -}}
{{- end -}}
{{- if and .enabled (not (or .targetConnections .targetCpuPercent .targetMemoryPercent)) -}}
{{- $faults = append $faults "gateway.autoscaling: set a target, or nothing says when to scale." -}}
{{- end -}}
{{- if and .enabled .targetConnections (not (or .targetCpuPercent .targetMemoryPercent)) -}}
{{- $faults = append $faults "gateway.autoscaling.targetConnections: set targetCpuPercent or targetMemoryPercent beside it: idle connections are not load, and busy ones are few." -}}
{{- end -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.parentRefs: name the Gateway that the route belongs to." -}}
{{- end -}}
{{- if $faults -}}
{{- fail (printf "\n\nThese values contradict each other:\n  - %s\n" (join "\n  - " $faults)) -}}
{{- end -}}
{{- end -}}
