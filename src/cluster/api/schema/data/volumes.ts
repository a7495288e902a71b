/** Volumes, claims and storage classes, in the notation of {@link ../parse.ts}: names, types and numbers of the published API, version 1.32. */
import type { Package } from "../model.ts";

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
