/** The rest of the core group, in the notation of {@link ../parse.ts}: the fields of the published OpenAPI description. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const cluster: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      Namespace: "apiVersion kind metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus",
      NamespaceSpec: "finalizers:[]string",
      NamespaceStatus: "conditions:[type]NamespaceCondition phase",
      NamespaceCondition: "lastTransitionTime:time message reason status! type!",
      Node: "apiVersion kind metadata:ObjectMeta spec:NodeSpec status:NodeStatus",
      NodeSpec: `
    configSource:NodeConfigSource externalID podCIDR podCIDRs:[*]string providerID taints:[]Taint
    unschedulable:bool
  `,
      NodeConfigSource: "configMap:ConfigMapNodeConfigSource",
      ConfigMapNodeConfigSource: "kubeletConfigKey! name! namespace! resourceVersion uid",
      Taint: "effect! key! timeAdded:time value",
      NodeStatus: `
    addresses:[type]NodeAddress allocatable:{}quantity capacity:{}quantity
    conditions:[type]NodeCondition config:NodeConfigStatus daemonEndpoints:NodeDaemonEndpoints
    images:[]ContainerImage nodeInfo:NodeSystemInfo phase runtimeHandlers:[]NodeRuntimeHandler
    volumesAttached:[]AttachedVolume volumesInUse:[]string
  `,
      NodeAddress: "address! type!",
      NodeCondition: "lastHeartbeatTime:time lastTransitionTime:time message reason status! type!",
      NodeConfigStatus: `
    active:NodeConfigSource assigned:NodeConfigSource error lastKnownGood:NodeConfigSource
  `,
      NodeDaemonEndpoints: "kubeletEndpoint:DaemonEndpoint",
      DaemonEndpoint: "Port!:int",
      ContainerImage: "names:[]string sizeBytes:int",
      NodeSystemInfo: `
    architecture! bootID! containerRuntimeVersion! kernelVersion! kubeProxyVersion!
    kubeletVersion! machineID! operatingSystem! osImage! systemUUID!
  `,
      NodeRuntimeHandler: "features:NodeRuntimeHandlerFeatures name",
      NodeRuntimeHandlerFeatures: "recursiveReadOnlyMounts:bool",
      AttachedVolume: "devicePath! name!",
      SecretReference: "name namespace",
      ObjectReference: "apiVersion fieldPath kind name namespace resourceVersion uid",
      ConfigMap: `
    apiVersion binaryData:{}string data:{}string immutable:bool kind metadata:ObjectMeta
  `,
      Secret: `
    apiVersion data:{}string immutable:bool kind metadata:ObjectMeta stringData:{}string type
  `,
      Service: "apiVersion kind metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus",
      ServiceSpec: `
    allocateLoadBalancerNodePorts:bool clusterIP clusterIPs:[]string externalIPs:[]string
    externalName externalTrafficPolicy healthCheckNodePort:int internalTrafficPolicy
    ipFamilies:[]string ipFamilyPolicy loadBalancerClass loadBalancerIP
    loadBalancerSourceRanges:[]string ports:[port,protocol]ServicePort
    publishNotReadyAddresses:bool selector:{}string sessionAffinity
    sessionAffinityConfig:SessionAffinityConfig trafficDistribution type
  `,
      ServicePort: "appProtocol name nodePort:int port!:int protocol targetPort:intstr",
      SessionAffinityConfig: "clientIP:ClientIPConfig",
      ClientIPConfig: "timeoutSeconds:int",
      ServiceStatus: "conditions:[type]Condition loadBalancer:LoadBalancerStatus",
      LoadBalancerStatus: "ingress:[]LoadBalancerIngress",
      LoadBalancerIngress: "hostname ip ipMode ports:[]PortStatus",
      PortStatus: "error port!:int protocol!",
      ServiceAccount: `
    apiVersion automountServiceAccountToken:bool imagePullSecrets:[]LocalObjectReference kind
    metadata:ObjectMeta secrets:[name]ObjectReference
  `,
      Event: `
    action apiVersion count:int eventTime:time firstTimestamp:time involvedObject!:ObjectReference
    kind lastTimestamp:time message metadata!:ObjectMeta reason related:ObjectReference
    reportingComponent reportingInstance series:EventSeries source:EventSource type
  `,
      EventSeries: "count:int lastObservedTime:time",
      EventSource: "component host",
      PodTemplateSpec: "metadata:ObjectMeta spec:PodSpec",
      Binding: "apiVersion kind metadata:ObjectMeta target!:ObjectReference",
    },
  },
];
