{{- define "common.app" -}}
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}-{{ .Chart.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}-{{ .Chart.Name }}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: c, image: {{ .Values.global.image }}, command: [sh, -c, {{ printf "echo %s; exec sleep 3600" .Values.text | quote }}]}]
{{- end }}
