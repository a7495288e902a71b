/**
 * Pods and their parts, in the notation of {@link ../parse.ts}: names, types and numbers of the published API, version
 * 1.32.
 */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const pods: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      NodeSelector: "1.nodeSelectorTerms!:[]NodeSelectorTerm",
      NodeSelectorTerm:
        "1.matchExpressions:[]NodeSelectorRequirement 2.matchFields:[]NodeSelectorRequirement",
      NodeSelectorRequirement: "1.key! 2.operator! 3.values:[]string",
      Pod: "apiVersion kind 1.metadata:ObjectMeta 2.spec:PodSpec 3.status:PodStatus",
      PodSpec: `
        1.volumes:[name]Volume 20.initContainers:[name]Container 2.containers!:[name]Container
        34.ephemeralContainers:[name]EphemeralContainer 3.restartPolicy
        4.terminationGracePeriodSeconds*:int 5.activeDeadlineSeconds*:int 6.dnsPolicy
        7.nodeSelector:{}string 8.serviceAccountName 9.serviceAccount
        21.automountServiceAccountToken*:bool 10.nodeName 11.hostNetwork:bool 12.hostPID:bool
        13.hostIPC:bool 27.shareProcessNamespace*:bool 14.securityContext:PodSecurityContext
        15.imagePullSecrets:[name]LocalObjectReference 16.hostname 17.subdomain 18.affinity:Affinity
        19.schedulerName 22.tolerations:[]Toleration 23.hostAliases:[ip]HostAlias
        24.priorityClassName 25.priority*:int 26.dnsConfig:PodDNSConfig
        28.readinessGates:[]PodReadinessGate 29.runtimeClassName* 30.enableServiceLinks*:bool
        31.preemptionPolicy* 32.overhead:{}quantity
        33.topologySpreadConstraints:[topologyKey,whenUnsatisfiable]TopologySpreadConstraint
        35.setHostnameAsFQDN*:bool 36.os:PodOS 37.hostUsers*:bool
        38.schedulingGates:[name]PodSchedulingGate 39.resourceClaims:[name]PodResourceClaim
        40.resources:ResourceRequirements
      `,
      LocalObjectReference: "1.name",
      ObjectFieldSelector: "1.apiVersion 2.fieldPath!",
      ResourceFieldSelector: "1.containerName 2.resource! 3.divisor:quantity",
      Container: `
        1.name! 2.image 3.command:[]string 4.args:[]string 5.workingDir
        6.ports:[containerPort,protocol]ContainerPort 19.envFrom:[]EnvFromSource 7.env:[name]EnvVar
        8.resources:ResourceRequirements 23.resizePolicy:[]ContainerResizePolicy 24.restartPolicy*
        9.volumeMounts:[mountPath]VolumeMount 21.volumeDevices:[devicePath]VolumeDevice
        10.livenessProbe:Probe 11.readinessProbe:Probe 22.startupProbe:Probe 12.lifecycle:Lifecycle
        13.terminationMessagePath 20.terminationMessagePolicy 14.imagePullPolicy
        15.securityContext:SecurityContext 16.stdin:bool 17.stdinOnce:bool 18.tty:bool
      `,
      ContainerPort: "1.name 2.hostPort:int 3.containerPort!:int 4.protocol 5.hostIP",
      EnvFromSource: "1.prefix 2.configMapRef:ConfigMapEnvSource 3.secretRef:SecretEnvSource",
      ConfigMapEnvSource: "1/1.name 2.optional*:bool",
      SecretEnvSource: "1/1.name 2.optional*:bool",
      EnvVar: "1.name! 2.value 3.valueFrom:EnvVarSource",
      EnvVarSource: `
        1.fieldRef:ObjectFieldSelector 2.resourceFieldRef:ResourceFieldSelector
        3.configMapKeyRef:ConfigMapKeySelector 4.secretKeyRef:SecretKeySelector
      `,
      ConfigMapKeySelector: "1/1.name 2.key! 3.optional*:bool",
      SecretKeySelector: "1/1.name 2.key! 3.optional*:bool",
      ResourceRequirements:
        "1.limits:{}quantity 2.requests:{}quantity 3.claims:[name]ResourceClaim",
      ResourceClaim: "1.name! 2.request",
      ContainerResizePolicy: "1.resourceName! 2.restartPolicy!",
      Probe: `
        1/1.exec:ExecAction 1/2.httpGet:HTTPGetAction 1/3.tcpSocket:TCPSocketAction
        1/4.grpc:GRPCAction 2.initialDelaySeconds:int 3.timeoutSeconds:int 4.periodSeconds:int
        5.successThreshold:int 6.failureThreshold:int 7.terminationGracePeriodSeconds*:int
      `,
      ExecAction: "1.command:[]string",
      HTTPGetAction: "1.path 2.port!:intstr 3.host 4.scheme 5.httpHeaders:[]HTTPHeader",
      HTTPHeader: "1.name! 2.value!",
      TCPSocketAction: "1.port!:intstr 2.host",
      GRPCAction: "1.port!:int 2.service!*",
      Lifecycle: "1.postStart:LifecycleHandler 2.preStop:LifecycleHandler",
      LifecycleHandler:
        "1.exec:ExecAction 2.httpGet:HTTPGetAction 3.tcpSocket:TCPSocketAction 4.sleep:SleepAction",
      SleepAction: "1.seconds!:int",
      SecurityContext: `
        1.capabilities:Capabilities 2.privileged*:bool 3.seLinuxOptions:SELinuxOptions
        10.windowsOptions:WindowsSecurityContextOptions 4.runAsUser*:int 8.runAsGroup*:int
        5.runAsNonRoot*:bool 6.readOnlyRootFilesystem*:bool 7.allowPrivilegeEscalation*:bool
        9.procMount* 11.seccompProfile:SeccompProfile 12.appArmorProfile:AppArmorProfile
      `,
      Capabilities: "1.add:[]string 2.drop:[]string",
      SELinuxOptions: "1.user 2.role 3.type 4.level",
      WindowsSecurityContextOptions:
        "1.gmsaCredentialSpecName* 2.gmsaCredentialSpec* 3.runAsUserName* 4.hostProcess*:bool",
      SeccompProfile: "1.type! 2.localhostProfile*",
      AppArmorProfile: "1.type! 2.localhostProfile*",
      EphemeralContainer: `
        1/1.name! 1/2.image 1/3.command:[]string 1/4.args:[]string 1/5.workingDir
        1/6.ports:[containerPort,protocol]ContainerPort 1/19.envFrom:[]EnvFromSource
        1/7.env:[name]EnvVar 1/8.resources:ResourceRequirements
        1/23.resizePolicy:[]ContainerResizePolicy 1/24.restartPolicy*
        1/9.volumeMounts:[mountPath]VolumeMount 1/21.volumeDevices:[devicePath]VolumeDevice
        1/10.livenessProbe:Probe 1/11.readinessProbe:Probe 1/22.startupProbe:Probe
        1/12.lifecycle:Lifecycle 1/13.terminationMessagePath 1/20.terminationMessagePolicy
        1/14.imagePullPolicy 1/15.securityContext:SecurityContext 1/16.stdin:bool
        1/17.stdinOnce:bool 1/18.tty:bool 2.targetContainerName
      `,
      PodSecurityContext: `
        1.seLinuxOptions:SELinuxOptions 8.windowsOptions:WindowsSecurityContextOptions
        2.runAsUser*:int 6.runAsGroup*:int 3.runAsNonRoot*:bool 4.supplementalGroups:[]int
        12.supplementalGroupsPolicy* 5.fsGroup*:int 7.sysctls:[]Sysctl 9.fsGroupChangePolicy*
        10.seccompProfile:SeccompProfile 11.appArmorProfile:AppArmorProfile 13.seLinuxChangePolicy*
      `,
      Sysctl: "1.name! 2.value!",
      Affinity:
        "1.nodeAffinity:NodeAffinity 2.podAffinity:PodAffinity 3.podAntiAffinity:PodAntiAffinity",
      NodeAffinity: `
        1.requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
        2.preferredDuringSchedulingIgnoredDuringExecution:[]PreferredSchedulingTerm
      `,
      PreferredSchedulingTerm: "1.weight!:int 2.preference!:NodeSelectorTerm",
      PodAffinity: `
        1.requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
        2.preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
      `,
      PodAffinityTerm: `
        1.labelSelector:LabelSelector 2.namespaces:[]string 3.topologyKey!
        4.namespaceSelector:LabelSelector 5.matchLabelKeys:[]string 6.mismatchLabelKeys:[]string
      `,
      WeightedPodAffinityTerm: "1.weight!:int 2.podAffinityTerm!:PodAffinityTerm",
      PodAntiAffinity: `
        1.requiredDuringSchedulingIgnoredDuringExecution:[]PodAffinityTerm
        2.preferredDuringSchedulingIgnoredDuringExecution:[]WeightedPodAffinityTerm
      `,
      Toleration: "1.key 2.operator 3.value 4.effect 5.tolerationSeconds*:int",
      HostAlias: "1.ip! 2.hostnames:[]string",
      PodDNSConfig: "1.nameservers:[]string 2.searches:[]string 3.options:[]PodDNSConfigOption",
      PodDNSConfigOption: "1.name 2.value*",
      PodReadinessGate: "1.conditionType!",
      TopologySpreadConstraint: `
        1.maxSkew!:int 2.topologyKey! 3.whenUnsatisfiable! 4.labelSelector:LabelSelector
        5.minDomains*:int 6.nodeAffinityPolicy* 7.nodeTaintsPolicy* 8.matchLabelKeys:[]string
      `,
      PodOS: "1.name!",
      PodSchedulingGate: "1.name!",
      PodResourceClaim: "1.name! 3.resourceClaimName* 4.resourceClaimTemplateName*",
      PodStatus: `
        1.phase 2.conditions:[type]PodCondition 3.message 4.reason 11.nominatedNodeName 5.hostIP
        16.hostIPs:[ip]HostIP 6.podIP 12.podIPs:[ip]PodIP 7.startTime*:time
        10.initContainerStatuses:[]ContainerStatus 8.containerStatuses:[]ContainerStatus 9.qosClass
        13.ephemeralContainerStatuses:[]ContainerStatus 14.resize
        15.resourceClaimStatuses:[name]PodResourceClaimStatus
      `,
      PodCondition:
        "1.type! 2.status! 3.lastProbeTime:time 4.lastTransitionTime:time 5.reason 6.message",
      HostIP: "1.ip!",
      PodIP: "1.ip!",
      ContainerStatus: `
        1.name! 2.state:ContainerState 3.lastState:ContainerState 4.ready!:bool 5.restartCount!:int
        6.image! 7.imageID! 8.containerID 9.started*:bool 10.allocatedResources:{}quantity
        11.resources:ResourceRequirements 12.volumeMounts:[mountPath]VolumeMountStatus
        13.user:ContainerUser 14.allocatedResourcesStatus:[name]ResourceStatus
      `,
      ContainerState: `
        1.waiting:ContainerStateWaiting 2.running:ContainerStateRunning
        3.terminated:ContainerStateTerminated
      `,
      ContainerStateWaiting: "1.reason 2.message",
      ContainerStateRunning: "1.startedAt:time",
      ContainerStateTerminated: `
        1.exitCode!:int 2.signal:int 3.reason 4.message 5.startedAt:time 6.finishedAt:time
        7.containerID
      `,
      ContainerUser: "1.linux:LinuxContainerUser",
      LinuxContainerUser: "1.uid!:int 2.gid!:int 3.supplementalGroups:[]int",
      ResourceStatus: "1.name! 2.resources:[resourceID]ResourceHealth",
      ResourceHealth: "1.resourceID! 2.health",
      PodResourceClaimStatus: "1.name! 2.resourceClaimName*",
    },
  },
];
