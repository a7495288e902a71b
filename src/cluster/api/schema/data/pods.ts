/** Pods and what is in them, in the notation of {@link ../parse.ts}: the fields of the published OpenAPI description. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const pods: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      NodeSelector: "nodeSelectorTerms!:[]NodeSelectorTerm",
      NodeSelectorTerm: `
    matchExpressions:[]NodeSelectorRequirement matchFields:[]NodeSelectorRequirement
  `,
      NodeSelectorRequirement: "key! operator! values:[]string",
      Pod: "apiVersion kind metadata:ObjectMeta spec:PodSpec status:PodStatus",
      PodSpec: `
    activeDeadlineSeconds:int affinity:Affinity automountServiceAccountToken:bool
    containers!:[name]Container dnsConfig:PodDNSConfig dnsPolicy enableServiceLinks:bool
    ephemeralContainers:[name]EphemeralContainer hostAliases:[ip]HostAlias hostIPC:bool
    hostNetwork:bool hostPID:bool hostUsers:bool hostname
    imagePullSecrets:[name]LocalObjectReference initContainers:[name]Container nodeName
    nodeSelector:{}string os:PodOS overhead:{}quantity preemptionPolicy priority:int
    priorityClassName readinessGates:[]PodReadinessGate resourceClaims:[name]PodResourceClaim
    restartPolicy runtimeClassName schedulerName schedulingGates:[name]PodSchedulingGate
    securityContext:PodSecurityContext serviceAccount serviceAccountName setHostnameAsFQDN:bool
    shareProcessNamespace:bool subdomain terminationGracePeriodSeconds:int
    tolerations:[]Toleration
    topologySpreadConstraints:[topologyKey,whenUnsatisfiable]TopologySpreadConstraint
    volumes:[name]Volume
  `,
      Affinity: "nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity",
      NodeAffinity: `
    preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
    requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
  `,
      PreferredSchedulingTerm: "preference!:NodeSelectorTerm weight!:int",
      PodAffinity: `
    preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
    requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
  `,
      WeightedPodAffinityTerm: "podAffinityTerm!:PodAffinityTerm weight!:int",
      PodAffinityTerm: `
    labelSelector:LabelSelector matchLabelKeys:[]string mismatchLabelKeys:[]string
    namespaceSelector:LabelSelector namespaces:[]string topologyKey!
  `,
      PodAntiAffinity: `
    preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
    requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
  `,
      Container: `
    args:[]string command:[]string env:[name]EnvVar envFrom:[]EnvFromSource image imagePullPolicy
    lifecycle:Lifecycle livenessProbe:Probe name! ports:[containerPort,protocol]ContainerPort
    readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements
    restartPolicy securityContext:SecurityContext startupProbe:Probe stdin:bool stdinOnce:bool
    terminationMessagePath terminationMessagePolicy tty:bool
    volumeDevices:[devicePath]VolumeDevice volumeMounts:[mountPath]VolumeMount workingDir
  `,
      EnvVar: "name! value valueFrom:EnvVarSource",
      EnvVarSource: `
    configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector
    resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
  `,
      ConfigMapKeySelector: "key! name optional:bool",
      ObjectFieldSelector: "apiVersion fieldPath!",
      ResourceFieldSelector: "containerName divisor:quantity resource!",
      SecretKeySelector: "key! name optional:bool",
      EnvFromSource: "configMapRef:ConfigMapEnvSource prefix secretRef:SecretEnvSource",
      ConfigMapEnvSource: "name optional:bool",
      SecretEnvSource: "name optional:bool",
      Lifecycle: "postStart:LifecycleHandler preStop:LifecycleHandler",
      LifecycleHandler: `
    exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
  `,
      ExecAction: "command:[]string",
      HTTPGetAction: "host httpHeaders:[]HTTPHeader path port!:intstr scheme",
      HTTPHeader: "name! value!",
      SleepAction: "seconds!:int",
      TCPSocketAction: "host port!:intstr",
      Probe: `
    exec:ExecAction failureThreshold:int grpc:GRPCAction httpGet:HTTPGetAction
    initialDelaySeconds:int periodSeconds:int successThreshold:int tcpSocket:TCPSocketAction
    terminationGracePeriodSeconds:int timeoutSeconds:int
  `,
      GRPCAction: "port!:int service",
      ContainerPort: "containerPort!:int hostIP hostPort:int name protocol",
      ContainerResizePolicy: "resourceName! restartPolicy!",
      ResourceRequirements: "claims:[name]ResourceClaim limits:{}quantity requests:{}quantity",
      ResourceClaim: "name!",
      SecurityContext: `
    allowPrivilegeEscalation:bool appArmorProfile:AppArmorProfile capabilities:Capabilities
    privileged:bool procMount readOnlyRootFilesystem:bool runAsGroup:int runAsNonRoot:bool
    runAsUser:int seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile
    windowsOptions:WindowsSecurityContextOptions
  `,
      AppArmorProfile: "localhostProfile type!",
      Capabilities: "add:[]string drop:[]string",
      SELinuxOptions: "level role type user",
      SeccompProfile: "localhostProfile type!",
      WindowsSecurityContextOptions: `
    gmsaCredentialSpec gmsaCredentialSpecName hostProcess:bool runAsUserName
  `,
      PodDNSConfig: "nameservers:[]string options:[]PodDNSConfigOption searches:[]string",
      PodDNSConfigOption: "name value",
      EphemeralContainer: `
    args:[]string command:[]string env:[name]EnvVar envFrom:[]EnvFromSource image imagePullPolicy
    lifecycle:Lifecycle livenessProbe:Probe name! ports:[containerPort,protocol]ContainerPort
    readinessProbe:Probe resizePolicy:[]ContainerResizePolicy resources:ResourceRequirements
    restartPolicy securityContext:SecurityContext startupProbe:Probe stdin:bool stdinOnce:bool
    targetContainerName terminationMessagePath terminationMessagePolicy tty:bool
    volumeDevices:[devicePath]VolumeDevice volumeMounts:[mountPath]VolumeMount workingDir
  `,
      HostAlias: "hostnames:[]string ip",
      LocalObjectReference: "name",
      PodOS: "name!",
      PodReadinessGate: "conditionType!",
      PodResourceClaim: "name! source:ClaimSource",
      ClaimSource: "resourceClaimName resourceClaimTemplateName",
      PodSchedulingGate: "name!",
      PodSecurityContext: `
    appArmorProfile:AppArmorProfile fsGroup:int fsGroupChangePolicy runAsGroup:int
    runAsNonRoot:bool runAsUser:int seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile
    supplementalGroups:[]int sysctls:[]Sysctl windowsOptions:WindowsSecurityContextOptions
  `,
      Sysctl: "name! value!",
      Toleration: "effect key operator tolerationSeconds:int value",
      TopologySpreadConstraint: `
    labelSelector:LabelSelector matchLabelKeys:[]string maxSkew!:int minDomains:int
    nodeAffinityPolicy nodeTaintsPolicy topologyKey! whenUnsatisfiable!
  `,
      PodStatus: `
    conditions:[type]PodCondition containerStatuses:[]ContainerStatus
    ephemeralContainerStatuses:[]ContainerStatus hostIP hostIPs:[ip]HostIP
    initContainerStatuses:[]ContainerStatus message nominatedNodeName phase podIP podIPs:[ip]PodIP
    qosClass reason resize resourceClaimStatuses:[name]PodResourceClaimStatus startTime:time
  `,
      PodCondition: "lastProbeTime:time lastTransitionTime:time message reason status! type!",
      ContainerStatus: `
    allocatedResources:{}quantity containerID image! imageID! lastState:ContainerState name!
    ready!:bool resources:ResourceRequirements restartCount!:int started:bool state:ContainerState
    volumeMounts:[mountPath]VolumeMountStatus
  `,
      ContainerState: `
    running:ContainerStateRunning terminated:ContainerStateTerminated
    waiting:ContainerStateWaiting
  `,
      ContainerStateRunning: "startedAt:time",
      ContainerStateTerminated: `
    containerID exitCode!:int finishedAt:time message reason signal:int startedAt:time
  `,
      ContainerStateWaiting: "message reason",
      HostIP: "ip",
      PodIP: "ip",
      PodResourceClaimStatus: "name! resourceClaimName",
    },
  },
];
