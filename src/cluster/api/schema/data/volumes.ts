/** Volumes, claims and storage classes, in the notation of {@link ../parse.ts}: the fields of the published OpenAPI description. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const volumes: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      PersistentVolume: `
    apiVersion kind metadata:ObjectMeta spec:PersistentVolumeSpec status:PersistentVolumeStatus
  `,
      PersistentVolumeSpec: `
    accessModes:[]string awsElasticBlockStore:AWSElasticBlockStoreVolumeSource
    azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource capacity:{}quantity
    cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource
    claimRef:ObjectReference csi:CSIPersistentVolumeSource fc:FCVolumeSource
    flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource
    gcePersistentDisk:GCEPersistentDiskVolumeSource glusterfs:GlusterfsPersistentVolumeSource
    hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource local:LocalVolumeSource
    mountOptions:[]string nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity
    persistentVolumeReclaimPolicy photonPersistentDisk:PhotonPersistentDiskVolumeSource
    portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource
    scaleIO:ScaleIOPersistentVolumeSource storageClassName
    storageos:StorageOSPersistentVolumeSource volumeAttributesClassName volumeMode
    vsphereVolume:VsphereVirtualDiskVolumeSource
  `,
      AWSElasticBlockStoreVolumeSource: "fsType partition:int readOnly:bool volumeID!",
      AzureDiskVolumeSource: "cachingMode diskName! diskURI! fsType kind readOnly:bool",
      AzureFilePersistentVolumeSource: "readOnly:bool secretName! secretNamespace shareName!",
      CephFSPersistentVolumeSource: `
    monitors!:[]string path readOnly:bool secretFile secretRef:SecretReference user
  `,
      CinderPersistentVolumeSource: "fsType readOnly:bool secretRef:SecretReference volumeID!",
      CSIPersistentVolumeSource: `
    controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference driver!
    fsType nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference
    nodeStageSecretRef:SecretReference readOnly:bool volumeAttributes:{}string volumeHandle!
  `,
      FCVolumeSource: "fsType lun:int readOnly:bool targetWWNs:[]string wwids:[]string",
      FlexPersistentVolumeSource: `
    driver! fsType options:{}string readOnly:bool secretRef:SecretReference
  `,
      FlockerVolumeSource: "datasetName datasetUUID",
      GCEPersistentDiskVolumeSource: "fsType partition:int pdName! readOnly:bool",
      GlusterfsPersistentVolumeSource: "endpoints! endpointsNamespace path! readOnly:bool",
      HostPathVolumeSource: "path! type",
      ISCSIPersistentVolumeSource: `
    chapAuthDiscovery:bool chapAuthSession:bool fsType initiatorName iqn! iscsiInterface lun!:int
    portals:[]string readOnly:bool secretRef:SecretReference targetPortal!
  `,
      LocalVolumeSource: "fsType path!",
      NFSVolumeSource: "path! readOnly:bool server!",
      VolumeNodeAffinity: "required:NodeSelector",
      PhotonPersistentDiskVolumeSource: "fsType pdID!",
      PortworxVolumeSource: "fsType readOnly:bool volumeID!",
      QuobyteVolumeSource: "group readOnly:bool registry! tenant user volume!",
      RBDPersistentVolumeSource: `
    fsType image! keyring monitors!:[]string pool readOnly:bool secretRef:SecretReference user
  `,
      ScaleIOPersistentVolumeSource: `
    fsType gateway! protectionDomain readOnly:bool secretRef!:SecretReference sslEnabled:bool
    storageMode storagePool system! volumeName
  `,
      StorageOSPersistentVolumeSource: `
    fsType readOnly:bool secretRef:ObjectReference volumeName volumeNamespace
  `,
      VsphereVirtualDiskVolumeSource: "fsType storagePolicyID storagePolicyName volumePath!",
      PersistentVolumeStatus: "lastPhaseTransitionTime:time message phase reason",
      VolumeDevice: "devicePath! name!",
      VolumeMount: `
    mountPath! mountPropagation name! readOnly:bool recursiveReadOnly subPath subPathExpr
  `,
      Volume: `
    awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource
    azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource
    configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource
    emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource
    flexVolume:FlexVolumeSource flocker:FlockerVolumeSource
    gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource
    glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIVolumeSource name!
    nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource
    photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource
    projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource
    scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource
    vsphereVolume:VsphereVirtualDiskVolumeSource
  `,
      AzureFileVolumeSource: "readOnly:bool secretName! shareName!",
      CephFSVolumeSource: `
    monitors!:[]string path readOnly:bool secretFile secretRef:LocalObjectReference user
  `,
      CinderVolumeSource: "fsType readOnly:bool secretRef:LocalObjectReference volumeID!",
      ConfigMapVolumeSource: "defaultMode:int items:[]KeyToPath name optional:bool",
      KeyToPath: "key! mode:int path!",
      CSIVolumeSource: `
    driver! fsType nodePublishSecretRef:LocalObjectReference readOnly:bool
    volumeAttributes:{}string
  `,
      DownwardAPIVolumeSource: "defaultMode:int items:[]DownwardAPIVolumeFile",
      DownwardAPIVolumeFile: `
    fieldRef:ObjectFieldSelector mode:int path! resourceFieldRef:ResourceFieldSelector
  `,
      EmptyDirVolumeSource: "medium sizeLimit:quantity",
      EphemeralVolumeSource: "volumeClaimTemplate:PersistentVolumeClaimTemplate",
      PersistentVolumeClaimTemplate: "metadata:ObjectMeta spec!:PersistentVolumeClaimSpec",
      PersistentVolumeClaimSpec: `
    accessModes:[]string dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference
    resources:VolumeResourceRequirements selector:LabelSelector storageClassName
    volumeAttributesClassName volumeMode volumeName
  `,
      TypedLocalObjectReference: "apiGroup kind! name!",
      TypedObjectReference: "apiGroup kind! name! namespace",
      VolumeResourceRequirements: "limits:{}quantity requests:{}quantity",
      FlexVolumeSource: `
    driver! fsType options:{}string readOnly:bool secretRef:LocalObjectReference
  `,
      GitRepoVolumeSource: "directory repository! revision",
      GlusterfsVolumeSource: "endpoints! path! readOnly:bool",
      ISCSIVolumeSource: `
    chapAuthDiscovery:bool chapAuthSession:bool fsType initiatorName iqn! iscsiInterface lun!:int
    portals:[]string readOnly:bool secretRef:LocalObjectReference targetPortal!
  `,
      PersistentVolumeClaimVolumeSource: "claimName! readOnly:bool",
      ProjectedVolumeSource: "defaultMode:int sources:[]VolumeProjection",
      VolumeProjection: `
    clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection
    downwardAPI:DownwardAPIProjection secret:SecretProjection
    serviceAccountToken:ServiceAccountTokenProjection
  `,
      ClusterTrustBundleProjection: `
    labelSelector:LabelSelector name optional:bool path! signerName
  `,
      ConfigMapProjection: "items:[]KeyToPath name optional:bool",
      DownwardAPIProjection: "items:[]DownwardAPIVolumeFile",
      SecretProjection: "items:[]KeyToPath name optional:bool",
      ServiceAccountTokenProjection: "audience expirationSeconds:int path!",
      RBDVolumeSource: `
    fsType image! keyring monitors!:[]string pool readOnly:bool secretRef:LocalObjectReference
    user
  `,
      ScaleIOVolumeSource: `
    fsType gateway! protectionDomain readOnly:bool secretRef!:LocalObjectReference sslEnabled:bool
    storageMode storagePool system! volumeName
  `,
      SecretVolumeSource: "defaultMode:int items:[]KeyToPath optional:bool secretName",
      StorageOSVolumeSource: `
    fsType readOnly:bool secretRef:LocalObjectReference volumeName volumeNamespace
  `,
      VolumeMountStatus: "mountPath! name! readOnly:bool recursiveReadOnly",
      PersistentVolumeClaim: `
    apiVersion kind metadata:ObjectMeta spec:PersistentVolumeClaimSpec
    status:PersistentVolumeClaimStatus
  `,
      PersistentVolumeClaimStatus: `
    accessModes:[]string allocatedResourceStatuses:{}string allocatedResources:{}quantity
    capacity:{}quantity conditions:[type]PersistentVolumeClaimCondition
    currentVolumeAttributesClassName modifyVolumeStatus:ModifyVolumeStatus phase
  `,
      PersistentVolumeClaimCondition: `
    lastProbeTime:time lastTransitionTime:time message reason status! type!
  `,
      ModifyVolumeStatus: "status! targetVolumeAttributesClassName",
      TopologySelectorTerm: "matchLabelExpressions:[]TopologySelectorLabelRequirement",
      TopologySelectorLabelRequirement: "key! values!:[]string",
    },
  },
  {
    name: "io.k8s.api.storage.v1",
    definitions: {
      StorageClass: `
    allowVolumeExpansion:bool allowedTopologies:[]TopologySelectorTerm apiVersion kind
    metadata:ObjectMeta mountOptions:[]string parameters:{}string provisioner! reclaimPolicy
    volumeBindingMode
  `,
    },
  },
];
