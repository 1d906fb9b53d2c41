metadata description = 'The virtual network of a private deployment: a subnet the app goes out through, one for private endpoints, and private DNS.'

@description('Name of the network.')
param name string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Its addresses; a /25 at least.')
param addressPrefix string

var appSubnetName = 'app'
var endpointSubnetName = 'endpoints'

// The order is the outputs' below.
var zoneNames = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.documents.azure.com'
  'privatelink.servicebus.windows.net'
  'privatelink.vaultcore.azure.net'
  'privatelink.azurewebsites.net'
]

resource network 'Microsoft.Network/virtualNetworks@2024-10-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: appSubnetName
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          // Flex Consumption runs on this service's delegation.
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: endpointSubnetName
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: appSubnetName
  }

  resource endpointSubnet 'subnets' existing = {
    name: endpointSubnetName
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zoneNames: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zoneNames: {
    parent: zones[i]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

@description('The subnet that the app goes out through.')
output appSubnetId string = network::appSubnet.id

@description('The subnet of the private endpoints.')
output endpointSubnetId string = network::endpointSubnet.id

@description('Private DNS zone of blobs.')
output blobZoneId string = zones[0].id

@description('Private DNS zone of Cosmos DB.')
output cosmosZoneId string = zones[1].id

@description('Private DNS zone of Event Hubs.')
output eventHubsZoneId string = zones[2].id

@description('Private DNS zone of Key Vault.')
output vaultZoneId string = zones[3].id

@description('Private DNS zone of the Functions app.')
output sitesZoneId string = zones[4].id
