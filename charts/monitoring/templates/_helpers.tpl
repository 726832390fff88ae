{{- define "monitoring.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* "yes" when objects of a kind of the operator's are to be made: (list $ "monitoring.coreos.com/v1/ServiceMonitor") */ -}}
{{- define "monitoring.has" -}}
{{- $root := index . 0 }}
{{- if eq (toString $root.Values.operator) "true" }}yes
{{- else if and (eq (toString $root.Values.operator) "auto") ($root.Capabilities.APIVersions.Has (index . 1)) }}yes
{{- end }}
{{- end }}

{{- define "monitoring.namespace" -}}
{{ .Values.serviceAccount.namespace | default .Release.Namespace }}
{{- end }}

{{- define "monitoring.rules" -}}
groups:
  - name: kapell-apiserver
    rules:
      - record: apiserver:request_errors:ratio_rate5m
        expr: sum(rate(apiserver_request_total{code=~"5.."}[5m])) / sum(rate(apiserver_request_total[5m]))
      - alert: KapellApiErrors
        expr: apiserver:request_errors:ratio_rate5m > {{ .Values.alerts.errorRatio }}
        for: 10m
        labels: {severity: critical}
        annotations:
          summary: 'The API server fails {{ "{{ $value | humanizePercentage }}" }} of requests'
      - alert: KapellApiSlow
        expr: histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_sli_duration_seconds_bucket{verb!~"WATCH|CONNECT"}[5m]))) > {{ .Values.alerts.latencySeconds }}
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: 'The slowest hundredth of {{ "{{ $labels.verb }}" }} requests takes {{ "{{ $value | humanizeDuration }}" }}'
      - alert: KapellRequestsRefused
        expr: sum by (priority_level, reason) (rate(apiserver_flowcontrol_rejected_requests_total[5m])) > 0
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: 'Requests of {{ "{{ $labels.priority_level }}" }} are refused: {{ "{{ $labels.reason }}" }}'
      - alert: KapellApiServiceUnavailable
        expr: max by (name) (aggregator_unavailable_apiservice) > 0
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: 'The aggregated API {{ "{{ $labels.name }}" }} does not answer'
  - name: kapell-control-loops
    rules:
      - alert: KapellQueueBehind
        expr: workqueue_unfinished_work_seconds > 300
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: 'The controller behind {{ "{{ $labels.name }}" }} has been at the same work for {{ "{{ $value | humanizeDuration }}" }}'
      - alert: KapellPodsUnschedulable
        expr: sum by (plugin) (scheduler_unschedulable_pods{plugin!="SchedulingGates"}) > 0
        for: 15m
        labels: {severity: info}
        annotations:
          summary: '{{ "{{ $value }}" }} pods fit no node: {{ "{{ $labels.plugin }}" }}'
  - name: kapell-nodes
    rules:
      - alert: KapellPodsNotRunning
        expr: sum by (instance) (kubelet_desired_pods) - sum by (instance) (kubelet_running_pods) > 0
        for: 15m
        labels: {severity: warning}
        annotations:
          summary: 'Some pods of {{ "{{ $labels.instance }}" }} do not run'
      - alert: KapellContainerThrottled
        expr: sum by (namespace, pod, container) (rate(container_cpu_cfs_throttled_periods_total[5m])) / sum by (namespace, pod, container) (rate(container_cpu_cfs_periods_total[5m])) > 0.5
        for: 15m
        labels: {severity: info}
        annotations:
          summary: 'Container {{ "{{ $labels.container }}" }} of {{ "{{ $labels.namespace }}/{{ $labels.pod }}" }} wants more CPU than its limit'
      - alert: KapellContainerKilledForMemory
        expr: sum by (namespace, pod, container) (increase(container_oom_events_total[10m])) > 0
        labels: {severity: warning}
        annotations:
          summary: 'Container {{ "{{ $labels.container }}" }} of {{ "{{ $labels.namespace }}/{{ $labels.pod }}" }} ran out of memory'
      - alert: KapellAgentOutOfFiles
        expr: process_open_fds / process_max_fds > 0.8
        for: 10m
        labels: {severity: warning}
        annotations:
          summary: '{{ "{{ $labels.instance }}" }} has nearly as many files open as it may'
{{- end }}
