/**
 * The other kinds of the core group, in the notation of {@link ../parse.ts}: names, types and numbers of the published
 * API, version 1.32.
 */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const cluster: readonly Package[] = [
  {
    name: "io.k8s.api.core.v1",
    definitions: {
      Namespace:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec:NamespaceSpec 3.status:NamespaceStatus",
      NamespaceSpec: "1.finalizers:[]string",
      NamespaceStatus: "1.phase 2.conditions:[type]NamespaceCondition",
      NamespaceCondition: "1.type! 2.status! 4.lastTransitionTime:time 5.reason 6.message",
      Node: "apiVersion kind 1.metadata:ObjectMeta 2.spec:NodeSpec 3.status:NodeStatus",
      NodeSpec: `
        1.podCIDR 7.podCIDRs:[*]string 3.providerID 4.unschedulable:bool 5.taints:[]Taint
        6.configSource:NodeConfigSource 2.externalID
      `,
      Taint: "1.key! 2.value 3.effect! 4.timeAdded*:time",
      NodeConfigSource: "2.configMap:ConfigMapNodeConfigSource",
      ConfigMapNodeConfigSource: "1.namespace! 2.name! 3.uid 4.resourceVersion 5.kubeletConfigKey!",
      NodeStatus: `
        1.capacity:{}quantity 2.allocatable:{}quantity 3.phase 4.conditions:[type]NodeCondition
        5.addresses:[type]NodeAddress 6.daemonEndpoints:NodeDaemonEndpoints
        7.nodeInfo:NodeSystemInfo 8.images:[]ContainerImage 9.volumesInUse:[]string
        10.volumesAttached:[]AttachedVolume 11.config:NodeConfigStatus
        12.runtimeHandlers:[]NodeRuntimeHandler 13.features:NodeFeatures
      `,
      NodeCondition:
        "1.type! 2.status! 3.lastHeartbeatTime:time 4.lastTransitionTime:time 5.reason 6.message",
      NodeAddress: "1.type! 2.address!",
      NodeDaemonEndpoints: "1.kubeletEndpoint:DaemonEndpoint",
      DaemonEndpoint: "1.Port!:int",
      NodeSystemInfo: `
        1.machineID! 2.systemUUID! 3.bootID! 4.kernelVersion! 5.osImage! 6.containerRuntimeVersion!
        7.kubeletVersion! 8.kubeProxyVersion! 9.operatingSystem! 10.architecture!
      `,
      ContainerImage: "1.names!:[]string 2.sizeBytes:int",
      AttachedVolume: "1.name! 2.devicePath!",
      NodeConfigStatus: `
        1.assigned:NodeConfigSource 2.active:NodeConfigSource 3.lastKnownGood:NodeConfigSource
        4.error
      `,
      NodeRuntimeHandler: "1.name! 2.features:NodeRuntimeHandlerFeatures",
      NodeRuntimeHandlerFeatures: "1.recursiveReadOnlyMounts*:bool 2.userNamespaces*:bool",
      NodeFeatures: "1.supplementalGroupsPolicy*:bool",
      SecretReference: "1.name 2.namespace",
      ObjectReference: "1.kind 2.namespace 3.name 4.uid 5.apiVersion 6.resourceVersion 7.fieldPath",
      ConfigMap:
        "apiVersion kind 1.metadata:ObjectMeta 4.immutable*:bool 2.data:{}string 3.binaryData:{}bytes",
      Secret: `
        apiVersion kind 1.metadata:ObjectMeta 5.immutable*:bool 2.data:{}bytes 4.stringData:{}string
        3.type
      `,
      Service: "apiVersion kind 1.metadata:ObjectMeta 2.spec:ServiceSpec 3.status:ServiceStatus",
      ServiceSpec: `
        1.ports:[port,protocol]ServicePort 2.selector:{}string 3.clusterIP 18.clusterIPs:[]string
        4.type 5.externalIPs:[]string 7.sessionAffinity 8.loadBalancerIP
        9.loadBalancerSourceRanges:[]string 10.externalName 11.externalTrafficPolicy
        12.healthCheckNodePort:int 13.publishNotReadyAddresses:bool
        14.sessionAffinityConfig:SessionAffinityConfig 19.ipFamilies:[]string 17.ipFamilyPolicy*
        20.allocateLoadBalancerNodePorts*:bool 21.loadBalancerClass* 22.internalTrafficPolicy*
        23.trafficDistribution*
      `,
      ServicePort:
        "1.name 2.protocol 6.appProtocol* 3.port!:int 4.targetPort:intstr 5.nodePort:int",
      SessionAffinityConfig: "1.clientIP:ClientIPConfig",
      ClientIPConfig: "1.timeoutSeconds*:int",
      ServiceStatus: "1.loadBalancer:LoadBalancerStatus 2.conditions:[type]Condition",
      LoadBalancerStatus: "1.ingress:[]LoadBalancerIngress",
      LoadBalancerIngress: "1.ip 2.hostname 3.ipMode* 4.ports:[]PortStatus",
      PortStatus: "1.port!:int 2.protocol! 3.error*",
      ServiceAccount: `
        apiVersion kind 1.metadata:ObjectMeta 2.secrets:[name]ObjectReference
        3.imagePullSecrets:[]LocalObjectReference 4.automountServiceAccountToken*:bool
      `,
      Event: `
        apiVersion kind 1.metadata!:ObjectMeta 2.involvedObject!:ObjectReference 3.reason 4.message
        5.source:EventSource 6.firstTimestamp:time 7.lastTimestamp:time 8.count:int 9.type
        10.eventTime:microtime 11.series:EventSeries 12.action 13.related:ObjectReference
        14.reportingComponent! 15.reportingInstance!
      `,
      EventSource: "1.component 2.host",
      EventSeries: "1.count:int 2.lastObservedTime:microtime",
      Binding: "apiVersion kind 1.metadata:ObjectMeta 2.target!:ObjectReference",
      PodTemplateSpec: "1.metadata:ObjectMeta 2.spec:PodSpec",
    },
  },
];
