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

/* Volumes, claims and storage classes, in the notation of {@link ../parse.ts}: names, types and numbers of the published API, version 1.32. */

/** See the head of this file. */
export const volumes: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      PersistentVolume: `
        apiVersion kind 1.metadata:ObjectMeta 2.spec:PersistentVolumeSpec
        3.status:PersistentVolumeStatus
      `,
      PersistentVolumeSpec: `
        1.capacity:{}quantity 2/1.gcePersistentDisk:GCEPersistentDiskVolumeSource
        2/2.awsElasticBlockStore:AWSElasticBlockStoreVolumeSource 2/3.hostPath:HostPathVolumeSource
        2/4.glusterfs:GlusterfsPersistentVolumeSource 2/5.nfs:NFSVolumeSource
        2/6.rbd:RBDPersistentVolumeSource 2/7.iscsi:ISCSIPersistentVolumeSource
        2/8.cinder:CinderPersistentVolumeSource 2/9.cephfs:CephFSPersistentVolumeSource
        2/10.fc:FCVolumeSource 2/11.flocker:FlockerVolumeSource
        2/12.flexVolume:FlexPersistentVolumeSource 2/13.azureFile:AzureFilePersistentVolumeSource
        2/14.vsphereVolume:VsphereVirtualDiskVolumeSource 2/15.quobyte:QuobyteVolumeSource
        2/16.azureDisk:AzureDiskVolumeSource
        2/17.photonPersistentDisk:PhotonPersistentDiskVolumeSource
        2/18.portworxVolume:PortworxVolumeSource 2/19.scaleIO:ScaleIOPersistentVolumeSource
        2/20.local:LocalVolumeSource 2/21.storageos:StorageOSPersistentVolumeSource
        2/22.csi:CSIPersistentVolumeSource 3.accessModes:[]string 4.claimRef:ObjectReference
        5.persistentVolumeReclaimPolicy 6.storageClassName 7.mountOptions:[]string 8.volumeMode*
        9.nodeAffinity:VolumeNodeAffinity 10.volumeAttributesClassName*
      `,
      GCEPersistentDiskVolumeSource: "1.pdName! 2.fsType 3.partition:int 4.readOnly:bool",
      AWSElasticBlockStoreVolumeSource: "1.volumeID! 2.fsType 3.partition:int 4.readOnly:bool",
      HostPathVolumeSource: "1.path! 2.type*",
      GlusterfsPersistentVolumeSource: "1.endpoints! 2.path! 3.readOnly:bool 4.endpointsNamespace*",
      NFSVolumeSource: "1.server! 2.path! 3.readOnly:bool",
      RBDPersistentVolumeSource: `
        1.monitors!:[]string 2.image! 3.fsType 4.pool 5.user 6.keyring 7.secretRef:SecretReference
        8.readOnly:bool
      `,
      ISCSIPersistentVolumeSource: `
        1.targetPortal! 2.iqn! 3.lun!:int 4.iscsiInterface 5.fsType 6.readOnly:bool
        7.portals:[]string 8.chapAuthDiscovery:bool 11.chapAuthSession:bool
        10.secretRef:SecretReference 12.initiatorName*
      `,
      CinderPersistentVolumeSource:
        "1.volumeID! 2.fsType 3.readOnly:bool 4.secretRef:SecretReference",
      CephFSPersistentVolumeSource:
        "1.monitors!:[]string 2.path 3.user 4.secretFile 5.secretRef:SecretReference 6.readOnly:bool",
      FCVolumeSource: "1.targetWWNs:[]string 2.lun*:int 3.fsType 4.readOnly:bool 5.wwids:[]string",
      FlockerVolumeSource: "1.datasetName 2.datasetUUID",
      FlexPersistentVolumeSource:
        "1.driver! 2.fsType 3.secretRef:SecretReference 4.readOnly:bool 5.options:{}string",
      AzureFilePersistentVolumeSource:
        "1.secretName! 2.shareName! 3.readOnly:bool 4.secretNamespace!*",
      VsphereVirtualDiskVolumeSource:
        "1.volumePath! 2.fsType 3.storagePolicyName 4.storagePolicyID",
      QuobyteVolumeSource: "1.registry! 2.volume! 3.readOnly:bool 4.user 5.group 6.tenant",
      AzureDiskVolumeSource:
        "1.diskName! 2.diskURI! 3.cachingMode* 4.fsType* 5.readOnly*:bool 6.kind*",
      PhotonPersistentDiskVolumeSource: "1.pdID! 2.fsType",
      PortworxVolumeSource: "1.volumeID! 2.fsType 3.readOnly:bool",
      ScaleIOPersistentVolumeSource: `
        1.gateway! 2.system! 3.secretRef!:SecretReference 4.sslEnabled:bool 5.protectionDomain
        6.storagePool 7.storageMode 8.volumeName 9.fsType 10.readOnly:bool
      `,
      LocalVolumeSource: "1.path! 2.fsType*",
      StorageOSPersistentVolumeSource:
        "1.volumeName 2.volumeNamespace 3.fsType 4.readOnly:bool 5.secretRef:ObjectReference",
      CSIPersistentVolumeSource: `
        1.driver! 2.volumeHandle! 3.readOnly:bool 4.fsType 5.volumeAttributes:{}string
        6.controllerPublishSecretRef:SecretReference 7.nodeStageSecretRef:SecretReference
        8.nodePublishSecretRef:SecretReference 9.controllerExpandSecretRef:SecretReference
        10.nodeExpandSecretRef:SecretReference
      `,
      VolumeNodeAffinity: "1.required:NodeSelector",
      PersistentVolumeStatus: "1.phase 2.message 3.reason 4.lastPhaseTransitionTime*:time",
      Volume: `
        1.name! 2/1.hostPath:HostPathVolumeSource 2/2.emptyDir:EmptyDirVolumeSource
        2/3.gcePersistentDisk:GCEPersistentDiskVolumeSource
        2/4.awsElasticBlockStore:AWSElasticBlockStoreVolumeSource 2/5.gitRepo:GitRepoVolumeSource
        2/6.secret:SecretVolumeSource 2/7.nfs:NFSVolumeSource 2/8.iscsi:ISCSIVolumeSource
        2/9.glusterfs:GlusterfsVolumeSource
        2/10.persistentVolumeClaim:PersistentVolumeClaimVolumeSource 2/11.rbd:RBDVolumeSource
        2/12.flexVolume:FlexVolumeSource 2/13.cinder:CinderVolumeSource
        2/14.cephfs:CephFSVolumeSource 2/15.flocker:FlockerVolumeSource
        2/16.downwardAPI:DownwardAPIVolumeSource 2/17.fc:FCVolumeSource
        2/18.azureFile:AzureFileVolumeSource 2/19.configMap:ConfigMapVolumeSource
        2/20.vsphereVolume:VsphereVirtualDiskVolumeSource 2/21.quobyte:QuobyteVolumeSource
        2/22.azureDisk:AzureDiskVolumeSource
        2/23.photonPersistentDisk:PhotonPersistentDiskVolumeSource
        2/26.projected:ProjectedVolumeSource 2/24.portworxVolume:PortworxVolumeSource
        2/25.scaleIO:ScaleIOVolumeSource 2/27.storageos:StorageOSVolumeSource
        2/28.csi:CSIVolumeSource 2/29.ephemeral:EphemeralVolumeSource 2/30.image:ImageVolumeSource
      `,
      EmptyDirVolumeSource: "1.medium 2.sizeLimit*:quantity",
      GitRepoVolumeSource: "1.repository! 2.revision 3.directory",
      SecretVolumeSource: "1.secretName 2.items:[]KeyToPath 3.defaultMode*:int 4.optional*:bool",
      KeyToPath: "1.key! 2.path! 3.mode*:int",
      ISCSIVolumeSource: `
        1.targetPortal! 2.iqn! 3.lun!:int 4.iscsiInterface 5.fsType 6.readOnly:bool
        7.portals:[]string 8.chapAuthDiscovery:bool 11.chapAuthSession:bool
        10.secretRef:LocalObjectReference 12.initiatorName*
      `,
      GlusterfsVolumeSource: "1.endpoints! 2.path! 3.readOnly:bool",
      PersistentVolumeClaimVolumeSource: "1.claimName! 2.readOnly:bool",
      RBDVolumeSource: `
        1.monitors!:[]string 2.image! 3.fsType 4.pool 5.user 6.keyring
        7.secretRef:LocalObjectReference 8.readOnly:bool
      `,
      FlexVolumeSource:
        "1.driver! 2.fsType 3.secretRef:LocalObjectReference 4.readOnly:bool 5.options:{}string",
      CinderVolumeSource: "1.volumeID! 2.fsType 3.readOnly:bool 4.secretRef:LocalObjectReference",
      CephFSVolumeSource: `
        1.monitors!:[]string 2.path 3.user 4.secretFile 5.secretRef:LocalObjectReference
        6.readOnly:bool
      `,
      DownwardAPIVolumeSource: "1.items:[]DownwardAPIVolumeFile 2.defaultMode*:int",
      DownwardAPIVolumeFile:
        "1.path! 2.fieldRef:ObjectFieldSelector 3.resourceFieldRef:ResourceFieldSelector 4.mode*:int",
      AzureFileVolumeSource: "1.secretName! 2.shareName! 3.readOnly:bool",
      ConfigMapVolumeSource: "1/1.name 2.items:[]KeyToPath 3.defaultMode*:int 4.optional*:bool",
      ProjectedVolumeSource: "1.sources!:[]VolumeProjection 2.defaultMode*:int",
      VolumeProjection: `
        1.secret:SecretProjection 2.downwardAPI:DownwardAPIProjection
        3.configMap:ConfigMapProjection 4.serviceAccountToken:ServiceAccountTokenProjection
        5.clusterTrustBundle:ClusterTrustBundleProjection
      `,
      SecretProjection: "1/1.name 2.items:[]KeyToPath 4.optional*:bool",
      DownwardAPIProjection: "1.items:[]DownwardAPIVolumeFile",
      ConfigMapProjection: "1/1.name 2.items:[]KeyToPath 4.optional*:bool",
      ServiceAccountTokenProjection: "1.audience 2.expirationSeconds*:int 3.path!",
      ClusterTrustBundleProjection:
        "1.name* 2.signerName* 3.labelSelector:LabelSelector 5.optional*:bool 4.path!",
      ScaleIOVolumeSource: `
        1.gateway! 2.system! 3.secretRef!:LocalObjectReference 4.sslEnabled:bool 5.protectionDomain
        6.storagePool 7.storageMode 8.volumeName 9.fsType 10.readOnly:bool
      `,
      StorageOSVolumeSource:
        "1.volumeName 2.volumeNamespace 3.fsType 4.readOnly:bool 5.secretRef:LocalObjectReference",
      CSIVolumeSource: `
        1.driver! 2.readOnly*:bool 3.fsType* 4.volumeAttributes:{}string
        5.nodePublishSecretRef:LocalObjectReference
      `,
      EphemeralVolumeSource: "1.volumeClaimTemplate:PersistentVolumeClaimTemplate",
      PersistentVolumeClaimTemplate: "1.metadata:ObjectMeta 2.spec!:PersistentVolumeClaimSpec",
      PersistentVolumeClaimSpec: `
        1.accessModes:[]string 4.selector:LabelSelector 2.resources:VolumeResourceRequirements
        3.volumeName 5.storageClassName* 6.volumeMode* 7.dataSource:TypedLocalObjectReference
        8.dataSourceRef:TypedObjectReference 9.volumeAttributesClassName*
      `,
      VolumeResourceRequirements: "1.limits:{}quantity 2.requests:{}quantity",
      TypedLocalObjectReference: "1.apiGroup!* 2.kind! 3.name!",
      TypedObjectReference: "1.apiGroup!* 2.kind! 3.name! 4.namespace*",
      ImageVolumeSource: "1.reference 2.pullPolicy",
      VolumeMount: `
        1.name! 2.readOnly:bool 7.recursiveReadOnly* 3.mountPath! 4.subPath 5.mountPropagation*
        6.subPathExpr
      `,
      VolumeDevice: "1.name! 2.devicePath!",
      VolumeMountStatus: "1.name! 2.mountPath! 3.readOnly:bool 4.recursiveReadOnly*",
      PersistentVolumeClaim: `
        apiVersion kind 1.metadata:ObjectMeta 2.spec:PersistentVolumeClaimSpec
        3.status:PersistentVolumeClaimStatus
      `,
      PersistentVolumeClaimStatus: `
        1.phase 2.accessModes:[]string 3.capacity:{}quantity
        4.conditions:[type]PersistentVolumeClaimCondition 5.allocatedResources:{}quantity
        7.allocatedResourceStatuses:{}string 8.currentVolumeAttributesClassName*
        9.modifyVolumeStatus:ModifyVolumeStatus
      `,
      PersistentVolumeClaimCondition:
        "1.type! 2.status! 3.lastProbeTime:time 4.lastTransitionTime:time 5.reason 6.message",
      ModifyVolumeStatus: "1.targetVolumeAttributesClassName 2.status!",
      TopologySelectorTerm: "1.matchLabelExpressions:[]TopologySelectorLabelRequirement",
      TopologySelectorLabelRequirement: "1.key! 2.values!:[]string",
    },
  },
  {
    name: "io.k8s.api.storage.v1",
    definitions: {
      StorageClass: `
        apiVersion kind 1.metadata:ObjectMeta 2.provisioner! 3.parameters:{}string 4.reclaimPolicy*
        5.mountOptions:[]string 6.allowVolumeExpansion*:bool 7.volumeBindingMode*
        8.allowedTopologies:[]TopologySelectorTerm
      `,
    },
  },
];

/*
 * Volume snapshots: the fields of the published CustomResourceDefinitions (version 8), in the notation of
 * {@link ../parse.ts}.
 */

/** They have no protobuf: the numbers of their fields are their order. */
export const snapshots: readonly Package[] = [
  {
    name: "io.k8s.storage.snapshot.v1",
    definitions: {
      VolumeSnapshot:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec!:VolumeSnapshotSpec 3.status:VolumeSnapshotStatus",
      VolumeSnapshotSpec: "1.source!:VolumeSnapshotSource 2.volumeSnapshotClassName*",
      VolumeSnapshotSource: "1.persistentVolumeClaimName* 2.volumeSnapshotContentName*",
      VolumeSnapshotStatus: `
        1.boundVolumeSnapshotContentName* 2.creationTime:time 3.readyToUse*:bool
        4.restoreSize:quantity 5.error:VolumeSnapshotError 6.volumeGroupSnapshotName*
      `,
      VolumeSnapshotError: "1.time:time 2.message*",
      VolumeSnapshotClass: `
        apiVersion kind 1.metadata:ObjectMeta 2.driver! 3.parameters:{}string 4.deletionPolicy!
      `,
    },
  },
];
